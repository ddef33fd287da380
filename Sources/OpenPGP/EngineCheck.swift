private import CLinux
private import Glibc

/// What the native engine has to show at the start of a session, before it is trusted with files.
///
/// Versions of GnuPG and libgcrypt differ from machine to machine. Where the secret key is there, gpg has to read what is
/// written here, and the other way round; where it is not, a message that gpg made once takes its place.
struct EngineCheck {
    /// Octets that take several pieces of each framing.
    private static let text = (0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private let native: NativeEngine
    private let gnupg: GnuPGEngine

    init(_ native: NativeEngine, _ gnupg: GnuPGEngine) {
        self.native = native
        self.gnupg = gnupg
    }

    /// - Throws: `.engine` when there is any difference.
    func run() throws(OpenPGPError) {
        try KnownMessage.check()
        let written = try message(by: native)
        defer { close(written.descriptor) }
        let outline = try MessageOutline(written.descriptor, count: written.count, checkingAll: true)
        guard outline.plaintextCount == UInt64(Self.text.count), outline.recipients == [gnupg.key.keyID] else {
            throw Self.difference("the size or the recipient of what it writes")
        }
        guard gnupg.passphrase != nil else { return }
        try compare(written, readBy: gnupg)
        try compare(written, readBy: native)
        // To a key that has expired gpg writes nothing.
        guard gnupg.key.unusable == nil else { return }
        let other = try message(by: gnupg)
        defer { close(other.descriptor) }
        try compare(other, readBy: native)
    }

    /// Encrypts the text into memory.
    ///
    /// - Returns: where it is; the descriptor is the caller's to close.
    private func message(by engine: some Engine) throws(OpenPGPError) -> StoredOctets {
        let descriptor = linux_memfd_create("check")
        guard descriptor >= 0 else { throw OpenPGPError(.inputOutput, "no memory for a file", errno: errno) }
        do throws(OpenPGPError) {
            let encryption = try engine.encrypt(into: descriptor)
            do throws(OpenPGPError) {
                try encryption.write(Self.text[...])
                try encryption.finish()
            } catch {
                encryption.cancel()
                throw error
            }
        } catch {
            close(descriptor)
            throw error
        }
        return try StoredOctets(whole: descriptor)
    }

    private func compare(_ octets: StoredOctets, readBy engine: GnuPGEngine) throws(OpenPGPError) {
        let decryption = try engine.decrypt(octets.descriptor)
        defer { decryption.cancel() }
        var plain = [UInt8](repeating: 0, count: Self.text.count + 1)
        guard try decryption.read(into: &plain) == Self.text.count, plain.dropLast() == Self.text[...] else {
            throw Self.difference("what gpg reads of it")
        }
    }

    private func compare(_ octets: StoredOctets, readBy engine: NativeEngine) throws(OpenPGPError) {
        let message = try StoredMessage(octets)
        guard let key = try engine.openedKey(of: message) else { throw Self.difference("the session key") }
        guard try message.plaintext(key, count: Self.text.count) == Self.text else {
            throw Self.difference("what it reads")
        }
    }

    static func difference(_ what: String) -> OpenPGPError {
        OpenPGPError(.engine, "its trial failed: \(what) is not as expected")
    }
}

extension StoredMessage {
    /// All of the message, if it has `count` octets, verified.
    func plaintext(_ key: SessionKey, count: Int) throws(OpenPGPError) -> [UInt8]? {
        var verification = try Verification(of: self, key)
        guard let verified = try verification.run(), verified.count == UInt64(count) else { return nil }
        var plain = [UInt8](repeating: 0, count: count)
        let got = try plain.withUnsafeMutableBufferPointer { buffer throws(OpenPGPError) in
            try verified.read(octets.descriptor, at: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return got == count ? plain : nil
    }
}

private import CLinux
private import Glibc

/// What the native engine has to show at the start of a session, before it is trusted with files.
///
/// Versions of GnuPG and libgcrypt differ from machine to machine. Where the secret key is there, gpg has to read what
/// is written here, and the other way round; where it is not, a message that gpg made once takes its place.
package struct NativeEngineSelfTest {
    /// Bytes that take several pieces of each framing.
    private static let text = (0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private let native: NativeEngine
    private let reference: any Engine
    private let recipient: Recipient
    private let canDecrypt: Bool

    /// - Parameters:
    ///   - native: the engine that is tried.
    ///   - reference: the engine that is trusted.
    ///   - recipient: the key of both.
    ///   - canDecrypt: whether both have its secret part.
    package init(_ native: NativeEngine, against reference: any Engine, _ recipient: Recipient, canDecrypt: Bool) {
        self.native = native
        self.reference = reference
        self.recipient = recipient
        self.canDecrypt = canDecrypt
    }

    /// - Throws: `.engine` when there is any difference.
    package func run() throws(OpenPGPError) {
        try KnownAnswer.check()
        let written = try message(by: native)
        defer { close(written.descriptor) }
        let outline = try MessageOutline(written.descriptor, count: written.count, checkingAll: true)
        guard outline.plaintextCount == UInt64(Self.text.count), outline.recipients == [recipient.keyID] else {
            throw Self.difference("the size or the recipient of what it writes")
        }
        guard canDecrypt else { return }
        try compareReference(reading: written)
        try compareNative(reading: written)
        // To a key that has expired gpg writes nothing.
        guard recipient.unusableReason == nil else { return }
        let other = try message(by: reference)
        defer { close(other.descriptor) }
        try compareNative(reading: other)
    }

    /// Encrypts the text into memory.
    ///
    /// - Returns: where it is; the descriptor is the caller's to close.
    private func message(by engine: any Engine) throws(OpenPGPError) -> CiphertextFile {
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
        return try CiphertextFile(whole: descriptor)
    }

    private func compareReference(reading bytes: CiphertextFile) throws(OpenPGPError) {
        let decryption = try reference.decrypt(bytes.descriptor)
        defer { decryption.cancel() }
        var plain = [UInt8](repeating: 0, count: Self.text.count + 1)
        guard try decryption.read(into: &plain) == Self.text.count, plain.dropLast() == Self.text[...] else {
            throw Self.difference("what gpg reads of it")
        }
    }

    private func compareNative(reading bytes: CiphertextFile) throws(OpenPGPError) {
        let message = try EncryptedMessage(bytes)
        guard let key = try native.openedKey(of: message) else { throw Self.difference("the session key") }
        guard try message.plaintext(key, count: Self.text.count) == Self.text else {
            throw Self.difference("what it reads")
        }
    }

    static func difference(_ what: String) -> OpenPGPError {
        OpenPGPError(.engine, "its trial failed: \(what) is not as expected")
    }
}

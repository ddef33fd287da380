private import CLinux
private import Glibc

/// The self-test that the native engine must pass at the start of a session, before it gets a file.
///
/// Versions of GnuPG and libgcrypt differ from machine to machine. With the secret key, gpg has to read what the native
/// engine writes, and the native engine what gpg writes. Without it, the ``KnownAnswer`` takes the place of both.
package struct NativeEngineSelfTest {
    /// Plaintext long enough for several chunks of each framing.
    private static let text = (0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private let native: NativeEngine
    private let reference: any Engine
    private let recipient: Recipient
    private let canDecrypt: Bool

    /// Prepares the test.
    ///
    /// - Parameters:
    ///   - native: the engine under test.
    ///   - reference: the engine that is trusted.
    ///   - recipient: the key of both.
    ///   - canDecrypt: whether both have its secret part.
    package init(_ native: NativeEngine, against reference: any Engine, _ recipient: Recipient, canDecrypt: Bool) {
        self.native = native
        self.reference = reference
        self.recipient = recipient
        self.canDecrypt = canDecrypt
    }

    /// Runs the test.
    ///
    /// - Throws: `.engine` when the engines differ in any way.
    package func run() throws(OpenPGPError) {
        try KnownAnswer.check()
        try Self.withMemoryFile { descriptor throws(OpenPGPError) in
            let written = try message(by: native, into: descriptor)
            try compareOutline(of: written)
            guard canDecrypt else { return }
            try compareReference(reading: written)
            try compareNative(reading: written)
        }
        // gpg writes nothing to a key that has expired.
        guard canDecrypt, recipient.unusableReason == nil else { return }
        try Self.withMemoryFile { descriptor throws(OpenPGPError) in
            try compareNative(reading: message(by: reference, into: descriptor))
        }
    }

    /// Lends an empty file in memory for the time of `body`.
    static func withMemoryFile<Value>(
        _ body: (_ descriptor: Int32) throws(OpenPGPError) -> Value
    ) throws(OpenPGPError) -> Value {
        let descriptor = linux_memfd_create("self-test")
        guard descriptor >= 0 else { throw OpenPGPError(.inputOutput, "no memory for a file", errno: errno) }
        defer { close(descriptor) }
        return try body(descriptor)
    }

    /// Encrypts the text.
    private func message(by engine: any Engine, into descriptor: Int32) throws(OpenPGPError) -> CiphertextFile {
        let encryption = try engine.encrypt(into: descriptor, isPartial: false)
        do throws(OpenPGPError) {
            try encryption.write(Self.text[...])
            try encryption.finish()
        } catch {
            encryption.cancel()
            throw error
        }
        return try CiphertextFile(whole: descriptor)
    }

    private func compareOutline(of written: CiphertextFile) throws(OpenPGPError) {
        let outline = try MessageOutline(written.descriptor, count: written.count, checkingAll: true)
        guard outline.plaintextCount == UInt64(Self.text.count), outline.recipients == [recipient.keyID] else {
            throw Self.failure("what it writes has a wrong size or recipient")
        }
    }

    private func compareReference(reading written: CiphertextFile) throws(OpenPGPError) {
        let decryption = try reference.decrypt(written.descriptor)
        defer { decryption.cancel() }
        var plain = [UInt8](repeating: 0, count: Self.text.count + 1)
        guard try decryption.read(into: &plain) == Self.text.count, plain.dropLast() == Self.text[...] else {
            throw Self.failure("gpg reads what it writes differently")
        }
    }

    private func compareNative(reading written: CiphertextFile) throws(OpenPGPError) {
        let message = try EncryptedMessage(written)
        guard let key = try native.openedKey(of: message) else {
            throw Self.failure("it cannot open the session key")
        }
        guard try message.plaintext(key, count: Self.text.count) == Self.text else {
            throw Self.failure("it reads a message wrongly")
        }
    }

    /// The error of a test that failed.
    static func failure(_ what: String) -> OpenPGPError {
        OpenPGPError(.engine, "the self-test of the native engine failed: \(what)")
    }
}

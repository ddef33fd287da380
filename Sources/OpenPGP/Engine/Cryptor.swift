/// All that one session does with OpenPGP: encrypt to its user's key and, for the owner, decrypt with it.
package final class Cryptor {
    private let key: Recipient
    private let engine: any Engine
    /// Why the native engine is not used although it was asked for; nil also for a key of a kind that it does not know.
    package let fallbackReason: OpenPGPError?

    /// - Parameters:
    ///   - recipient: the key that messages are encrypted to.
    ///   - engine: makes and reads the messages.
    ///   - fallbackReason: see ``fallbackReason``.
    package init(_ recipient: Recipient, _ engine: any Engine, fallbackReason: OpenPGPError? = nil) {
        key = recipient
        self.engine = engine
        self.fallbackReason = fallbackReason
    }

    /// How the messages that are written here are framed, which tells the engine that writes them.
    package var framing: ContentFraming { engine.framing }

    /// Why nothing can be encrypted to the key, or nil.
    package var unusable: String? { key.unusableReason }

    /// The key ID that what is encrypted here names.
    package var recipient: [UInt8] { key.keyID }

    /// The key IDs that a stored file names, in its order; eight zeros for one that it does not tell.
    ///
    /// No key is needed for that.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    /// - Throws: `.message` for what is not a stored file.
    package static func recipients(of descriptor: Int32, count: UInt64) throws(OpenPGPError) -> [[UInt8]] {
        try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead()).recipients
    }

    /// Starts a message.
    ///
    /// - Parameter descriptor: an empty file; see ``Encryption``.
    /// - Throws: `.key` when nothing can be encrypted to the key.
    package func encrypt(into descriptor: Int32) throws(OpenPGPError) -> any Encryption {
        if let reason = unusable { throw OpenPGPError(.key, reason) }
        return try engine.encrypt(into: descriptor)
    }

    /// The bytes that a stored file will have at most, for a plaintext of `count` bytes.
    package func storedCount(forPlaintext count: UInt64) -> UInt64 {
        // The session key's packet is shorter than this with every key there is.
        let beforeBody: UInt64 = 2048
        return beforeBody + framing.outer.total(forBody: framing.body(forPlaintext: count))
    }

    /// Starts to read a message.
    ///
    /// - Parameter descriptor: the stored file; it stays its owner's to close, and its position is not used.
    package func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        try engine.decrypt(descriptor)
    }

    /// The exact size of what is inside a stored file.
    ///
    /// For files this program wrote it is arithmetic, but for one in 270 where two sizes give the same cipher text;
    /// those, and files made elsewhere, are looked into; compressed and signed ones are decrypted as a whole, unless
    /// they grow to more than 64 MiB and 256 times their size: somebody made those to keep a listing busy.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    /// - Throws: `.message` for a damaged one and one that grows too much, `.key`, `.inputOutput`.
    package func plaintextCount(_ descriptor: Int32, count: UInt64) throws(OpenPGPError) -> UInt64 {
        let message = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead())
        if let stored = message.stored {
            let counts = stored.inside.plaintextCounts(forBody: stored.body)
            if counts.count == 1 { return counts[0] }
        }
        if let key = try sessionKey(of: message), let count = try LiteralPacket.dataCount(in: message, key) {
            return count
        }
        return try decryptedCount(
            descriptor, limit: max(64 << 20, count.multipliedReportingOverflow(by: 256).partialValue))
    }

    /// The key that a message is encrypted with.
    ///
    /// - Returns: nil for another cipher than AES.
    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        try engine.sessionKey(of: message)
    }

    /// Verifies a stored file as a whole, once, for reads at any offset.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    /// - Returns: nil when the message is good for all that is known but cannot be read that way, because it is
    ///   compressed, signed, in text mode, encrypted with another cipher than AES or framed too irregularly: then it
    ///   has to be decrypted from its start (``decrypt(_:)``).
    /// - Throws: `.message` for a damaged one, `.key` when this session has no key or not the right one,
    ///   `.inputOutput`.
    package func verify(_ descriptor: Int32, count: UInt64) throws(OpenPGPError) -> VerifiedMessage? {
        let message = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead())
        guard let key = try sessionKey(of: message) else { return nil }
        return try MessagePass(over: message, key).verify()
    }

    private func decryptedCount(_ descriptor: Int32, limit: UInt64) throws(OpenPGPError) -> UInt64 {
        let decryption = try decrypt(descriptor)
        defer { decryption.cancel() }
        var total: UInt64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try decryption.read(into: &buffer)
            if count == 0 { return total }
            total += UInt64(count)
            guard total <= limit else {
                throw OpenPGPError(.message, "the stored file grows without measure when it is decompressed")
            }
        }
    }
}

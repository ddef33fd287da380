/// OpenPGP for one session: encrypts to its user's key and, for the owner, decrypts with it.
package final class Cryptor {
    /// The key that messages are encrypted to.
    package let key: Recipient
    package let engine: any Engine
    /// The reason why the native engine is not used although it was asked for; nil also for a key of a kind that it
    /// does not know.
    package let fallbackReason: OpenPGPError?

    /// Uses an engine that has passed its self-test.
    ///
    /// - Parameters:
    ///   - recipient: the key that messages are encrypted to.
    ///   - engine: makes and reads the messages.
    ///   - fallbackReason: see ``fallbackReason``.
    package init(_ recipient: Recipient, _ engine: any Engine, fallbackReason: OpenPGPError? = nil) {
        key = recipient
        self.engine = engine
        self.fallbackReason = fallbackReason
    }

    /// The framing of the messages that are written, which tells the engine that writes them.
    package var framing: ContentFraming { engine.framing }

    /// The reason why nothing can be encrypted to the key, or nil.
    package var unusable: String? { key.unusableReason }

    /// The eight-byte key ID in the PKESK of each message that is written.
    package var recipient: [UInt8] { key.keyID }

    /// Reads the key IDs in a stored file's PKESK packets, in their order; eight zeros for a hidden one.
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

    /// Starts to write a message.
    ///
    /// - Parameters:
    ///   - descriptor: an empty file; see ``Engine/encrypt(into:isPartial:)``.
    ///   - isPartial: whether the message says inside that it is only the first part of a file.
    /// - Throws: `.key` when nothing can be encrypted to the key.
    package func encrypt(into descriptor: Int32, isPartial: Bool = false) throws(OpenPGPError) -> any Encryption {
        if let reason = unusable { throw OpenPGPError(.key, reason) }
        return try engine.encrypt(into: descriptor, isPartial: isPartial)
    }

    /// Encrypts a message once more, as one that says that it is only the first part of a file.
    ///
    /// A session that has no secret key can do that with its own message, whose session key it still has, unless
    /// another program has made it.
    ///
    /// - Parameters:
    ///   - source: a finished message; it stays its owner's to close.
    ///   - key: the session key of that message, if it is known.
    ///   - target: an empty file, which stays its owner's to close.
    /// - Throws: `.key` when the message cannot be read.
    package func markPartial(_ source: Int32, _ key: SessionKey?, into target: Int32) throws(OpenPGPError) {
        let decryption: any Decryption
        if let key {
            let message = try EncryptedMessage(CiphertextFile(whole: source).withHead())
            decryption = NativeDecryption(try MessagePass(over: message, key)) { () throws(OpenPGPError) in
                throw OpenPGPError(.engine, "the message cannot be read back")
            }
        } else {
            decryption = try engine.decrypt(source)
        }
        defer { decryption.cancel() }
        let encryption = try encrypt(into: target, isPartial: true)
        do throws(OpenPGPError) {
            var buffer = [UInt8](repeating: 0, count: 1 << 18)
            while case let count = try decryption.read(into: &buffer), count > 0 {
                try encryption.write(buffer[..<count])
            }
            try encryption.finish()
        } catch {
            encryption.cancel()
            throw error
        }
    }

    /// The most bytes that a stored file will have, for a plaintext of `count` bytes.
    package func storedCount(forPlaintext count: UInt64) -> UInt64 {
        // The PKESK packet is shorter than this for every kind of key.
        let beforeBody: UInt64 = 2048
        return beforeBody + dataCount(forPlaintext: count)
    }

    /// The bytes of the encrypted-data packet of a stored file, for a plaintext of `count` bytes: all but the PKESK.
    package func dataCount(forPlaintext count: UInt64) -> UInt64 {
        framing.outer.total(forBody: framing.body(forPlaintext: count))
    }

    /// Starts to read a message.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close, and its position is not used.
    ///   - isPartial: whether the file is stored as a partial; else a message that says that it is one is an error when
    ///     it is read, at its end at the latest.
    package func decrypt(_ descriptor: Int32, isPartial: Bool = false) throws(OpenPGPError) -> any Decryption {
        let decryption = try engine.decrypt(descriptor)
        return isPartial ? decryption : CompleteDecryption(decryption)
    }

    /// Finds the exact plaintext size of a stored file.
    ///
    /// For a file of this program it follows from the file's size. One in 270 of gpg's allows two sizes: for those, and
    /// for files made elsewhere, the lengths of the literal packet are decrypted. Compressed and signed messages are
    /// decrypted as a whole, up to 64 MiB or 256 times the file's size, whichever is more: a larger one was made to
    /// keep a listing busy.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    ///   - isPartial: whether the file is stored as a partial. Old ones have no mark, so that the lengths of all are
    ///     decrypted.
    /// - Throws: `.message` for a damaged one and one above that limit, `.key`, `.inputOutput`.
    package func plaintextCount(
        _ descriptor: Int32, count: UInt64, isPartial: Bool = false
    ) throws(OpenPGPError) -> UInt64 {
        let message = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead())
        if !isPartial, let counts = message.ownFraming?.plaintextCounts(isPartial: false), counts.count == 1 {
            return counts[0]
        }
        if let key = try sessionKey(of: message), let count = try LiteralPacket.dataCount(in: message, key) {
            return count
        }
        return try decryptedCount(
            descriptor, limit: max(64 << 20, count.multipliedReportingOverflow(by: 256).partialValue),
            isPartial: isPartial)
    }

    /// Opens the session key of a message.
    ///
    /// - Returns: nil for another cipher than AES.
    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        try engine.sessionKey(of: message)
    }

    /// Verifies a stored file as a whole, for reads at any offset afterwards.
    ///
    /// - Parameters:
    ///   - descriptor: the stored file; it stays its owner's to close.
    ///   - count: its size in bytes.
    /// - Returns: nil when no damage was found but the message cannot be read at any offset, because it is compressed,
    ///   signed, in text mode, encrypted with another cipher than AES or cut into too many runs of partial lengths:
    ///   then it has to be decrypted from its start (``decrypt(_:)``).
    /// - Throws: `.message` for a damaged one, `.key` when this session has no key or not the right one,
    ///   `.inputOutput`.
    package func verify(_ descriptor: Int32, count: UInt64) throws(OpenPGPError) -> VerifiedMessage? {
        let message = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: count).withHead())
        guard let key = try sessionKey(of: message) else { return nil }
        return try MessagePass(over: message, key).verify()
    }

    /// Counts the plaintext by decrypting all of it.
    private func decryptedCount(
        _ descriptor: Int32, limit: UInt64, isPartial: Bool
    ) throws(OpenPGPError) -> UInt64 {
        let decryption = try decrypt(descriptor, isPartial: isPartial)
        defer { decryption.cancel() }
        var total: UInt64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try decryption.read(into: &buffer)
            if count == 0 { return total }
            total += UInt64(count)
            guard total <= limit else {
                throw OpenPGPError(.message, "the stored file is too large when it is decompressed")
            }
        }
    }
}

/// One pass over a stored message that decrypts all of it and checks its modification detection code (MDC), a window at
/// a time.
///
/// For the use of one thread.
///
/// Source: RFC 4880, sections 5.13 (random prefix) and 5.14 (modification detection code).
package final class MessagePass {
    private let message: EncryptedMessage
    private let cipher: CipherFeedback
    private let digest: MessageDigest
    /// The walk through the lengths of the SEIPD packet; its offsets are those of the file.
    private var outer: PacketWalk
    private var literal: LiteralPacket?
    /// Bytes decrypted so far.
    private var count: UInt64 = 0
    /// The file's offset of the next window.
    private var place: UInt64
    private let window: UnsafeMutableRawBufferPointer
    /// Decrypted bytes in the window: the last of the window before, and then this one's.
    private var filled = 0
    /// Bytes of the literal packet's body that have been given out, or are not plaintext.
    private var given: UInt64 = 0

    /// Bytes at the end of each window that may be the MDC packet: they are hashed with the next window.
    private static let held = LiteralPacket.trailer

    /// Starts a pass.
    ///
    /// - Throws: `.engine` when libgcrypt has no AES or SHA-1.
    package init(over message: EncryptedMessage, _ key: SessionKey) throws(OpenPGPError) {
        self.message = message
        cipher = try CipherFeedback(key)
        digest = try MessageDigest(.sha1)
        outer = PacketWalk(at: message.lengthOffset)
        place = message.lengthOffset
        let size = min(1 << 18, Int(clamping: message.file.count))
        window = .allocate(byteCount: Self.held + size, alignment: 64)
    }

    deinit {
        window.deallocate()
    }

    /// Runs the whole pass, and keeps nothing of what it decrypts.
    ///
    /// - Returns: nil when the message cannot be read at any offset. It is intact even so, unless the SEIPD packet has
    ///   too many runs to be checked.
    /// - Throws: `.message` for a damaged one.
    package func verify() throws(OpenPGPError) -> VerifiedMessage? {
        repeat {
            guard try step() else { return nil }
        } while !isDone
        return try finish()
    }

    /// Whether all windows have been decrypted.
    var isDone: Bool { outer.isDone && place >= outer.next }

    /// Whether the plaintext is in one literal packet, neither compressed nor signed.
    var hasData: Bool { literal.map { !$0.walk.hasTooManyRuns } ?? false }

    /// Whether the message says that it is only the first part of a file; known after the first window.
    var isPartial: Bool { literal?.isPartial ?? false }

    /// Decrypts the next window.
    ///
    /// - Returns: false when the SEIPD packet has too many runs.
    /// - Throws: `.message` for a damaged one.
    func step() throws(OpenPGPError) -> Bool {
        let kept = min(filled, Self.held)
        window.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[(filled - kept)..<filled]))
        let fresh = UnsafeMutableRawBufferPointer(rebasing: window[kept...])
        guard let (end, length) = try load(fresh, at: place) else { return false }
        try cipher.decrypt(UnsafeMutableRawBufferPointer(rebasing: fresh[..<length]))
        filled = kept + length
        let decrypted = UnsafeRawBufferPointer(rebasing: window[..<filled])
        try examine(decrypted)
        digest.update(UnsafeRawBufferPointer(rebasing: decrypted.dropLast(Self.held)))
        count += UInt64(length)
        place = end
        return true
    }

    /// Calls `body` for each part of the plaintext that the last window has brought.
    ///
    /// None of it is verified before ``finish()`` returns.
    func forEachPart(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard let walk = literal?.walk, hasData else { return }
        let known = walk.map.count - min(walk.next - min(walk.next, count), walk.map.count)
        guard known > given else { return }
        let start = count - UInt64(filled)
        walk.map.forEachPart(of: given..<known) { part in
            body(UnsafeRawBufferPointer(rebasing: window[Int(part.lowerBound - start)..<Int(part.upperBound - start)]))
        }
        given = known
    }

    /// Checks the MDC, once all windows have been decrypted.
    ///
    /// - Returns: nil when the message is intact but cannot be read at any offset.
    /// - Throws: `.message` for a damaged one.
    func finish() throws(OpenPGPError) -> VerifiedMessage? {
        let code = try checkedCode(UnsafeRawBufferPointer(rebasing: window[max(0, filled - Self.held)..<filled]))
        guard let literal, let range = literal.data(inside: count) else { return nil }
        return VerifiedMessage(
            SEIPDContents(outer.map, cipher), literal.walk.map, range, code: code, isPartial: literal.isPartial,
            storedCount: message.file.count)
    }

    /// Reads a window of the file and removes the lengths from it, so that only ciphertext is left.
    ///
    /// - Returns: the file's offset of the next window, and the bytes of ciphertext; nil when the packet has too many
    ///   runs.
    private func load(
        _ buffer: UnsafeMutableRawBufferPointer, at place: UInt64
    ) throws(OpenPGPError) -> (end: UInt64, length: Int)? {
        let left = message.file.count - min(place, message.file.count)
        let got = try message.file.read(
            at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: left))))
        // The version byte comes first in the body, and is not encrypted.
        let start = count + 1
        outer.walk(UnsafeRawBufferPointer(rebasing: buffer[..<got]), at: place)
        guard !outer.hasTooManyRuns else { return nil }
        try message.check(outer)
        // A length that is cut off by the window's end begins the next window.
        let end = min(place + UInt64(got), outer.next)
        guard end > place else { throw EncryptedMessage.damaged("it is cut off") }
        let known = outer.map.count - (outer.next - end)
        let range = start..<max(start, known)
        outer.map.removeLengths(in: buffer, at: place, range)
        return (end, Int(range.upperBound - range.lowerBound))
    }

    /// Checks the random prefix at the start of the message, and follows the literal packet's lengths.
    ///
    /// - Parameter bytes: the decrypted bytes of the window, with the last of the window before.
    private func examine(_ bytes: UnsafeRawBufferPointer) throws(OpenPGPError) {
        guard count == 0 else {
            literal?.walk(bytes, at: count - UInt64(LiteralPacket.trailer))
            return
        }
        guard bytes.count >= LiteralPacket.prefix + LiteralPacket.trailer else {
            throw EncryptedMessage.damaged("it is cut off")
        }
        guard bytes[14] == bytes[16], bytes[15] == bytes[17] else {
            throw EncryptedMessage.damaged("its beginning does not fit its key")
        }
        literal = LiteralPacket(bytes)
        given = literal?.fields ?? 0
    }

    /// Compares the MDC with the hash of all that was decrypted before it.
    private func checkedCode(_ trailer: UnsafeRawBufferPointer) throws(OpenPGPError) -> [UInt8] {
        let header = UnsafeRawBufferPointer(rebasing: trailer.prefix(2))
        guard header.elementsEqual(LiteralPacket.trailerHeader) else {
            throw EncryptedMessage.damaged("it has no modification detection code")
        }
        digest.update(header)
        guard digest.finish().elementsEqual(trailer.dropFirst(2)) else {
            throw EncryptedMessage.damaged("its contents are not what was encrypted")
        }
        return Array(trailer.dropFirst(2))
    }
}

/// One pass over a stored file that decrypts all of it and checks all of it, a stretch at a time.
///
/// For the use of one thread.
///
/// Source: RFC 4880, sections 5.13 (prefix) and 5.14 (modification detection code).
package final class MessagePass {
    private let message: EncryptedMessage
    private let cipher: CipherFeedback
    private let digest: MessageDigest
    /// The lengths of the encrypted-data packet, in the file.
    private var outer: PacketWalk
    private var literal: LiteralPacket?
    /// Bytes decrypted.
    private var count: UInt64 = 0
    /// Where the next stretch begins in the file.
    private var place: UInt64
    private let window: UnsafeMutableRawBufferPointer
    /// Bytes of the window that are decrypted: of this stretch, and some before them.
    private var filled = 0
    /// Bytes of the literal packet's body that have been given out, or are not data.
    private var given: UInt64 = 0

    /// Bytes at the end of each stretch that may be the detection code: they wait for what follows.
    private static let held = LiteralPacket.trailer

    package init(over message: EncryptedMessage, _ key: SessionKey) throws(OpenPGPError) {
        self.message = message
        cipher = try CipherFeedback(key)
        digest = try MessageDigest(.sha1)
        outer = PacketWalk(at: message.lengthOffset)
        place = message.lengthOffset
        let stretch = min(1 << 18, Int(clamping: message.bytes.count))
        window = .allocate(byteCount: Self.held + stretch, alignment: 64)
    }

    deinit {
        window.deallocate()
    }

    /// Runs the whole pass, and keeps nothing of what it decrypts.
    ///
    /// - Returns: nil when the message cannot be read at any offset. It was verified even so, unless the outer framing
    ///   is too irregular.
    /// - Throws: `.message` for a damaged one.
    package func verify() throws(OpenPGPError) -> VerifiedMessage? {
        repeat {
            guard try step() else { return nil }
        } while !isDone
        return try finish()
    }

    /// Whether all stretches have been decrypted.
    var isDone: Bool { outer.isDone && place >= outer.next }

    /// Whether the data is where it can be read: in one literal packet, neither compressed nor signed.
    var hasData: Bool { literal.map { !$0.walk.isIrregular } ?? false }

    /// Decrypts the next stretch.
    ///
    /// - Returns: false when the outer framing is too irregular to go on.
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

    /// Calls `body` for each piece of data that the last stretch has brought.
    ///
    /// None of it has been checked before ``finish()`` returns.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard let walk = literal?.walk, hasData else { return }
        let known = walk.pieces.count - min(walk.next - min(walk.next, count), walk.pieces.count)
        guard known > given else { return }
        let start = count - UInt64(filled)
        walk.pieces.forEachPart(of: given..<known) { part in
            body(UnsafeRawBufferPointer(rebasing: window[Int(part.lowerBound - start)..<Int(part.upperBound - start)]))
        }
        given = known
    }

    /// Checks the message, once all stretches have been decrypted.
    ///
    /// - Returns: nil when it is intact but cannot be read at any offset.
    /// - Throws: `.message` for a damaged one.
    func finish() throws(OpenPGPError) -> VerifiedMessage? {
        let code = try checkedCode(UnsafeRawBufferPointer(rebasing: window[max(0, filled - Self.held)..<filled]))
        guard let literal, let range = literal.data(inside: count) else { return nil }
        return VerifiedMessage(
            SEIPDContents(outer.pieces, cipher), literal.walk.pieces, range, code: code,
            storedCount: message.bytes.count)
    }

    /// Reads a stretch of the file and leaves only cipher text of it.
    ///
    /// - Returns: where the next stretch begins and how many bytes of cipher text there are; nil when the framing is
    ///   too irregular.
    private func load(
        _ buffer: UnsafeMutableRawBufferPointer, at place: UInt64
    ) throws(OpenPGPError) -> (end: UInt64, length: Int)? {
        let left = message.bytes.count - min(place, message.bytes.count)
        let got = try message.bytes.read(
            at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: left))))
        // Without the version byte, the body's first.
        let start = count + 1
        outer.walk(UnsafeRawBufferPointer(rebasing: buffer[..<got]), at: place)
        guard !outer.isIrregular else { return nil }
        try message.check(outer)
        // A length that is not here whole begins the next stretch.
        let end = min(place + UInt64(got), outer.next)
        guard end > place else { throw EncryptedMessage.damaged("it is cut off") }
        let known = outer.pieces.count - (outer.next - end)
        let range = start..<max(start, known)
        outer.pieces.squeeze(buffer, at: place, range)
        return (end, Int(range.upperBound - range.lowerBound))
    }

    /// Looks at decrypted bytes: all there are until now, or the next ones after some seen before.
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

    private func checkedCode(_ trailer: UnsafeRawBufferPointer) throws(OpenPGPError) -> [UInt8] {
        let header = UnsafeRawBufferPointer(rebasing: trailer.prefix(2))
        guard header.elementsEqual([0xd3, 0x14]) else {
            throw EncryptedMessage.damaged("it has no modification detection code")
        }
        digest.update(header)
        guard digest.finish().elementsEqual(trailer.dropFirst(2)) else {
            throw EncryptedMessage.damaged("its contents are not what was encrypted")
        }
        return Array(trailer.dropFirst(2))
    }
}

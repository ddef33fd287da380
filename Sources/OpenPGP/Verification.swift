/// One pass over a stored file that decrypts all of it, checks all of it and keeps none of it.
///
/// Source: RFC 4880, sections 5.13 (prefix) and 5.14 (modification detection code).
package struct Verification {
    private let message: StoredMessage
    private let cipher: CipherFeedback
    private let digest: MessageDigest
    /// The lengths of the encrypted-data packet, in the file.
    private var outer: PacketWalk
    private var literal: LiteralPacket?
    /// Octets decrypted.
    private var count: UInt64 = 0

    package init(of message: StoredMessage, _ key: SessionKey) throws(OpenPGPError) {
        self.message = message
        cipher = try CipherFeedback(key)
        digest = try MessageDigest(.sha1)
        outer = PacketWalk(at: message.lengthOffset)
    }

    /// Verifies the message.
    ///
    /// - Returns: nil when it cannot be read at any offset. It was verified even so, unless the outer framing is too
    ///   irregular.
    /// - Throws: `.message` for a damaged one.
    package mutating func run() throws(OpenPGPError) -> VerifiedMessage? {
        let held = LiteralPacket.trailer
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: held + 1 << 18, alignment: 64)
        defer { window.deallocate() }
        var place = message.lengthOffset
        repeat {
            // The last octets of the window may be the detection code: they wait at its start for what follows.
            let fresh = UnsafeMutableRawBufferPointer(rebasing: window[(count == 0 ? 0 : held)...])
            guard let (end, length) = try load(fresh, at: place) else { return nil }
            try cipher.decrypt(UnsafeMutableRawBufferPointer(rebasing: fresh[..<length]))
            let filled = UnsafeMutableRawBufferPointer(rebasing: window[..<(window.count - fresh.count + length)])
            try examine(UnsafeRawBufferPointer(filled))
            digest.update(UnsafeRawBufferPointer(rebasing: filled[..<(filled.count - held)]))
            window.copyMemory(from: UnsafeRawBufferPointer(rebasing: filled[(filled.count - held)...]))
            count += UInt64(length)
            place = end
        } while !outer.isDone || place < outer.next
        let code = try checkedCode(UnsafeRawBufferPointer(rebasing: window[..<held]))
        guard let literal, let range = literal.data(inside: count) else { return nil }
        return VerifiedMessage(
            EncryptedData(outer.pieces, cipher), literal.walk.pieces, range, code: code,
            storedCount: message.octets.count)
    }

    /// Reads a stretch of the file and leaves only cipher text of it.
    ///
    /// - Returns: where the next stretch begins and how many octets of cipher text there are; nil when the framing is too
    ///   irregular.
    private mutating func load(
        _ buffer: UnsafeMutableRawBufferPointer, at place: UInt64
    ) throws(OpenPGPError) -> (end: UInt64, length: Int)? {
        let got = try message.octets.read(at: place, into: buffer)
        // Without the version octet, the body's first.
        let start = count + 1
        outer.walk(UnsafeRawBufferPointer(rebasing: buffer[..<got]), at: place)
        guard !outer.isIrregular else { return nil }
        try message.check(outer)
        // A length that is not here whole begins the next stretch.
        let end = min(place + UInt64(got), outer.next)
        guard end > place else { throw StoredMessage.damaged("it is cut off") }
        let known = outer.pieces.count - (outer.next - end)
        let range = start..<max(start, known)
        outer.pieces.squeeze(buffer, at: place, range)
        return (end, Int(range.upperBound - range.lowerBound))
    }

    /// Looks at decrypted octets: all there are until now, or the next ones after some seen before.
    private mutating func examine(_ window: UnsafeRawBufferPointer) throws(OpenPGPError) {
        guard count == 0 else {
            literal?.walk(window, at: count - UInt64(LiteralPacket.trailer))
            return
        }
        guard window.count >= LiteralPacket.prefix + LiteralPacket.trailer else {
            throw StoredMessage.damaged("it is cut off")
        }
        guard window[14] == window[16], window[15] == window[17] else {
            throw StoredMessage.damaged("its beginning does not fit its key")
        }
        literal = LiteralPacket(window)
    }

    private func checkedCode(_ trailer: UnsafeRawBufferPointer) throws(OpenPGPError) -> [UInt8] {
        let header = UnsafeRawBufferPointer(rebasing: trailer.prefix(2))
        guard header.elementsEqual([0xd3, 0x14]) else {
            throw StoredMessage.damaged("it has no modification detection code")
        }
        digest.update(header)
        guard digest.finish().elementsEqual(trailer.dropFirst(2)) else {
            throw StoredMessage.damaged("its contents are not what was encrypted")
        }
        return Array(trailer.dropFirst(2))
    }
}

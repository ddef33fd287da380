/// The literal packet right inside the encryption, which holds the data.
///
/// Source: RFC 4880, sections 5.9 (literal data), 5.13 and 5.14 (what is around it).
package struct LiteralPacket {
    /// Bytes before it: the random prefix, with a repeat of its last two bytes.
    package static let prefix = 18
    /// Bytes after it: the modification detection code packet.
    package static let trailer = 22
    /// Bytes of its body before the data when it has no name: mode, the name's length, date.
    static let namelessFields = 6

    /// Where its lengths are among the bytes inside.
    private(set) var walk: PacketWalk
    /// Bytes of its body before the data: mode, name, date.
    let fields: UInt64

    /// Reads its beginning.
    ///
    /// - Parameter inside: the first bytes inside the encrypted-data packet, at least 512 or all.
    /// - Returns: nil when there is something else: a compressed or signed message, or one in text mode, from which gpg
    ///   takes carriage returns away.
    package init?(_ inside: UnsafeRawBufferPointer) {
        guard let header = PacketHeader(inside.dropFirst(Self.prefix).prefix(6)), header.tag == 11 else { return nil }
        let start = UInt64(Self.prefix)
        switch header.length {
        case .indeterminate: return nil
        case .definite(let count) where header.isOldFormat:
            walk = PacketWalk(wholeAt: start + UInt64(header.headerLength), count)
        case .definite, .partial:
            walk = PacketWalk(at: start + 1)
            walk.walk(inside, at: 0)
        }
        guard walk.pieces.count >= 6 else { return nil }
        let mode = walk.pieces.offset(of: 0)
        let name = walk.pieces.offset(of: 1)
        guard name < UInt64(inside.count), inside[Int(mode)] == UInt8(ascii: "b") else { return nil }
        fields = 1 + 1 + UInt64(inside[Int(name)]) + 4
    }

    /// Goes on through its lengths.
    ///
    /// - Parameter offset: the position of the first of `bytes` inside.
    package mutating func walk(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        walk.walk(bytes, at: offset)
    }

    /// The positions of the data in the packet's body.
    ///
    /// - Parameter count: of all bytes inside.
    /// - Returns: nil when the packet does not end right before the modification detection code.
    package func data(inside count: UInt64) -> Range<UInt64>? {
        guard walk.isDone, !walk.isIrregular, walk.next + UInt64(Self.trailer) == count, fields <= walk.pieces.count
        else { return nil }
        return fields..<walk.pieces.count
    }

    /// Looks through the encryption for the size of the data, without decrypting all of it.
    ///
    /// - Returns: nil when the message does not simply hold one literal packet: it has to be decrypted to know.
    /// - Throws: `.message` when the framing is broken.
    package static func dataCount(in message: EncryptedMessage, _ key: SessionKey) throws(OpenPGPError) -> UInt64? {
        guard let body = try message.pieces() else { return nil }
        let data = SEIPDContents(body, try CipherFeedback(key))
        var inside = PartialBodyMap()
        _ = inside.append(at: 0, data.count)
        func plain(at offset: UInt64, _ length: Int) throws(OpenPGPError) -> [UInt8] {
            let start = min(offset, data.count)
            let end = start + min(UInt64(length), data.count - start)
            var bytes = [UInt8](repeating: 0, count: Int(end - start))
            try bytes.withUnsafeMutableBufferPointer { buffer throws(OpenPGPError) in
                try data.read(message.bytes, inside, start..<end, into: UnsafeMutableRawBufferPointer(buffer))
            }
            return bytes
        }
        guard var literal = try plain(at: 0, 512).withUnsafeBytes({ LiteralPacket($0) }) else { return nil }
        var last: UInt64?
        while !literal.walk.isDone, literal.walk.next != last {
            last = literal.walk.next
            try plain(at: literal.walk.next, 5).withUnsafeBytes { literal.walk($0, at: literal.walk.next) }
        }
        guard let found = literal.data(inside: data.count),
            try plain(at: literal.walk.next, 2) == [0xd3, 0x14]
        else { return nil }
        return found.upperBound - found.lowerBound
    }
}

/// The literal data packet (tag 11) that comes first inside the encryption and holds the plaintext.
///
/// Source: RFC 4880, sections 5.9 (literal data), 5.13 (random prefix) and 5.14 (modification detection code).
package struct LiteralPacket {
    /// Bytes before the packet: the random prefix, with a repeat of its last two bytes.
    package static let prefix = 18
    /// Bytes after the packet: the modification detection code packet.
    package static let trailer = 22
    /// The header of the modification detection code packet, whose body is a SHA-1 hash.
    static let trailerHeader: [UInt8] = [PacketTag.newFormat(PacketTag.mdc), 20]
    /// Bytes of the body before the plaintext when the file name is empty: mode, the name's length, date.
    private static let namelessFields = 6
    /// The file name in the packet that says that the plaintext is only the first part of a file.
    ///
    /// Other messages of this program have no name.
    package static let partialName = "cryptsftp.partial"

    /// Bytes of the body before the plaintext.
    ///
    /// - Parameter isPartial: whether the packet has ``partialName``.
    static func fields(isPartial: Bool) -> Int { namelessFields + (isPartial ? partialName.utf8.count : 0) }

    /// The bytes of the body before the plaintext: binary, the name, no time.
    ///
    /// - Parameter isPartial: whether the name is ``partialName``, or empty.
    static func start(isPartial: Bool) -> [UInt8] {
        let name = isPartial ? Array(partialName.utf8) : []
        return [UInt8(ascii: "b"), UInt8(name.count)] + name + [0, 0, 0, 0]
    }

    /// The walk through the packet's lengths; its offsets are those of the decrypted contents.
    private(set) var walk: PacketWalk
    /// Bytes of the body before the plaintext: mode, name, date.
    let fields: UInt64
    /// Whether it says that the plaintext is only the first part of a file.
    let isPartial: Bool

    /// Reads the start of the packet.
    ///
    /// - Parameter contents: the first bytes of the decrypted contents, at least 512 or all.
    /// - Returns: nil for any other contents: a compressed or signed message, or one in text mode, whose carriage
    ///   returns gpg removes.
    package init?(_ contents: UnsafeRawBufferPointer) {
        guard let header = PacketHeader(contents.dropFirst(Self.prefix).prefix(6)), header.tag == PacketTag.literalData
        else { return nil }
        let start = UInt64(Self.prefix)
        switch header.length {
        case .indeterminate: return nil
        case .definite(let count) where header.isOldFormat:
            walk = PacketWalk(wholeAt: start + UInt64(header.headerLength), count)
        case .definite, .partial:
            walk = PacketWalk(at: start + 1)
            walk.walk(contents, at: 0)
        }
        guard walk.map.count >= 6 else { return nil }
        let mode = walk.map.outerOffset(of: 0)
        let name = walk.map.outerOffset(of: 1)
        guard name < UInt64(contents.count), contents[Int(mode)] == UInt8(ascii: "b") else { return nil }
        fields = 1 + 1 + UInt64(contents[Int(name)]) + 4
        let (mark, map) = (Self.partialName.utf8, walk.map)
        isPartial =
            Int(contents[Int(name)]) == mark.count && map.count >= UInt64(2 + mark.count)
            && zip(2..., mark).allSatisfy { index, byte in
                let place = map.outerOffset(of: UInt64(index))
                return place < UInt64(contents.count) && contents[Int(place)] == byte
            }
    }

    /// Walks on through the packet's lengths.
    ///
    /// - Parameter offset: the offset of the first of `bytes` in the decrypted contents.
    package mutating func walk(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        walk.walk(bytes, at: offset)
    }

    /// The plaintext as a range of offsets in the packet's body.
    ///
    /// - Parameter count: bytes of the decrypted contents, all of them.
    /// - Returns: nil when the packet does not end right before the modification detection code.
    package func data(inside count: UInt64) -> Range<UInt64>? {
        guard walk.isDone, !walk.hasTooManyRuns, walk.next + UInt64(Self.trailer) == count, fields <= walk.map.count
        else { return nil }
        return fields..<walk.map.count
    }

    /// Finds the size of the plaintext by decrypting only the lengths of the packet.
    ///
    /// - Returns: nil when the message does not hold just one literal packet: it has to be decrypted to know.
    /// - Throws: `.message` when the framing is broken.
    package static func dataCount(in message: EncryptedMessage, _ key: SessionKey) throws(OpenPGPError) -> UInt64? {
        guard let body = try message.bodyMap() else { return nil }
        let contents = SEIPDContents(body, try CipherFeedback(key))
        var all = PartialBodyMap()
        _ = all.append(chunkAt: 0, contents.count)
        func plain(at offset: UInt64, _ length: Int) throws(OpenPGPError) -> [UInt8] {
            let start = min(offset, contents.count)
            let end = start + min(UInt64(length), contents.count - start)
            var bytes = [UInt8](repeating: 0, count: Int(end - start))
            try bytes.withUnsafeMutableBufferPointer { buffer throws(OpenPGPError) in
                try contents.read(message.file, all, start..<end, into: UnsafeMutableRawBufferPointer(buffer))
            }
            return bytes
        }
        guard var literal = try plain(at: 0, 512).withUnsafeBytes({ LiteralPacket($0) }) else { return nil }
        var last: UInt64?
        while !literal.walk.isDone, literal.walk.next != last {
            last = literal.walk.next
            try plain(at: literal.walk.next, 5).withUnsafeBytes { literal.walk($0, at: literal.walk.next) }
        }
        guard let found = literal.data(inside: contents.count),
            try plain(at: literal.walk.next, 2) == Self.trailerHeader
        else { return nil }
        return found.upperBound - found.lowerBound
    }
}

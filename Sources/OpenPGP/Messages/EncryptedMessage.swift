/// The outside of one stored message: its packets, as far as they can be read without a key.
///
/// Source: RFC 4880, sections 5.1, 5.13 and 11.3 (OpenPGP messages).
package struct EncryptedMessage {
    /// Where the lengths of the encrypted-data packet begin, right after its tag.
    package let lengthOffset: UInt64
    /// What the framing tells, if this program framed it (``OuterFraming``); else nil.
    package let stored: Stored?
    /// The eight bytes by which each session key packet names the subkey it is for.
    let recipients: [[UInt8]]
    /// Where the bodies of the session key packets are.
    let keyPackets: [Range<UInt64>]
    let bytes: CiphertextFile

    /// What is known of a message that this program framed.
    package struct Stored {
        /// The length of the encrypted-data packet's body.
        package let body: UInt64
        /// How what is inside is framed.
        package let inside: ContentFraming
    }

    /// Reads the packet headers.
    ///
    /// - Throws: `.message` for anything but session key packets followed by an integrity-protected data packet of
    ///   version 1: unencrypted, without integrity protection, AEAD drafts, garbage.
    package init(_ bytes: CiphertextFile) throws(OpenPGPError) {
        self.bytes = bytes
        var offset: UInt64 = 0
        // For each packet before the data: whether its header is of the old format, as gpg's is.
        var formats: [Bool] = []
        var recipients: [[UInt8]] = []
        var keyPackets: [Range<UInt64>] = []
        while true {
            let start = try bytes.read(at: offset, 16)
            guard let header = PacketHeader(start) else { throw Self.damaged("no OpenPGP packet where one must be") }
            if header.tag == 18 {
                lengthOffset = offset + 1
                let (_, size) = try Self.length(bytes, at: lengthOffset)
                guard !header.isOldFormat, try bytes.read(at: lengthOffset + UInt64(size), 1) == [1] else {
                    throw Self.damaged("its encrypted-data packet is of an unknown version")
                }
                break
            }
            guard case .definite(let length) = header.length else { throw Self.damaged(Self.reason(header.tag)) }
            switch header.tag {
            case 1:
                let body = start.dropFirst(header.headerLength)
                guard body.first == 3 else { throw Self.damaged("its session key packet is of an unknown version") }
                recipients.append(Array(body.dropFirst().prefix(8)))
                formats.append(header.isOldFormat)
            case 3, 10: formats.append(false)  // A passphrase may open it as well; a marker packet is to be ignored.
            default: throw Self.damaged(Self.reason(header.tag))
            }
            // Each packet is a few hundred bytes; a message does not have more than a few of them.
            guard length <= 8192, formats.count <= 64 else { throw Self.damaged("its packets are too large") }
            let body = offset + UInt64(header.headerLength)
            offset = body + length
            if header.tag == 1 { keyPackets.append(body..<offset) }
        }
        guard !recipients.isEmpty else { throw Self.damaged("it is not encrypted to a key") }
        self.recipients = recipients
        self.keyPackets = keyPackets
        // The native engine's session key packet has a header of the new format, by which short messages are told
        // apart.
        switch formats {
        case [true]: stored = try Self.stored([.gnupg(.small), .gnupg(.large)], bytes, lengthOffset)
        case [false]: stored = try Self.stored([.native], bytes, lengthOffset)
        default: stored = nil
        }
    }

    /// The body's length by ``OuterFraming``, checked where that framing puts its lengths.
    private static func stored(
        _ candidates: [ContentFraming], _ bytes: CiphertextFile, _ offset: UInt64
    ) throws(OpenPGPError) -> Stored? {
        let first = try bytes.read(at: offset, 5)
        for inside in candidates {
            let framing = inside.outer
            guard bytes.count >= offset, let body = framing.body(forTotal: bytes.count - offset) else { continue }
            guard body >= UInt64(framing.first) else {
                if first == PacketLength.fiveBytes(Int(body)) { return Stored(body: body, inside: inside) }
                continue
            }
            guard first.first == OuterFraming.partialLength(framing.first) else { continue }
            let (chunks, last) = (body - UInt64(framing.first)).quotientAndRemainder(dividingBy: UInt64(framing.chunk))
            let next = offset + 1 + UInt64(framing.first)
            if chunks > 0, try bytes.read(at: next, 1) != [OuterFraming.partialLength(framing.chunk)] { continue }
            let end = try bytes.read(at: next + chunks * UInt64(framing.chunk + 1), 5)
            if end == PacketLength.fiveBytes(Int(last)) { return Stored(body: body, inside: inside) }
        }
        return nil
    }

    /// The pieces of the body, by walking the lengths, whoever framed them.
    ///
    /// - Returns: nil when they are too irregular to be remembered.
    /// - Throws: `.message` when they do not end exactly where the file does.
    package func pieces() throws(OpenPGPError) -> PartialBodyMap? {
        var walk = PacketWalk(at: lengthOffset)
        while !walk.isDone {
            try step(&walk)
            if walk.isIrregular { return nil }
        }
        return walk.pieces
    }

    /// Passes one length.
    private func step(_ walk: inout PacketWalk) throws(OpenPGPError) {
        let place = walk.next
        try bytes.read(at: place, 5).withUnsafeBytes { walk.walk($0, at: place) }
        guard walk.next > place else { throw Self.damaged("it is cut off") }
        try check(walk)
    }

    /// Checks a walk through the packet against the size of the file.
    ///
    /// - Throws: `.message` when the packet ends after the file, or before it.
    func check(_ walk: PacketWalk) throws(OpenPGPError) {
        guard walk.next <= bytes.count else { throw Self.damaged("it is cut off") }
        guard !walk.isDone || walk.next == bytes.count else { throw Self.damaged("something follows after its end") }
    }

    /// A well-formed message of the same session key packets and the first bytes of the data.
    package func beginning() throws(OpenPGPError) -> [UInt8] {
        var walk = PacketWalk(at: lengthOffset)
        repeat { try step(&walk) } while !walk.isDone && walk.pieces.count < 256
        let range = 0..<min(walk.pieces.count, 256)
        guard let last = range.last else { throw Self.damaged("it is empty") }
        let place = walk.pieces.offset(of: 0)
        let length = Int(walk.pieces.offset(of: last) + 1 - place)
        var start = try bytes.read(at: place, length)
        guard start.count == length else { throw Self.damaged("it is cut off") }
        start.withUnsafeMutableBytes { walk.pieces.squeeze($0, at: place, range) }
        return try bytes.read(at: 0, Int(lengthOffset)) + PacketLength.fiveBytes(range.count) + start[..<range.count]
    }

    private static func length(
        _ bytes: CiphertextFile, at offset: UInt64
    ) throws(OpenPGPError) -> (PacketLength, size: Int) {
        guard let length = PacketLength.read(try bytes.read(at: offset, 5)) else { throw damaged("it is cut off") }
        return length
    }

    private static func reason(_ tag: UInt8) -> String {
        switch tag {
        case 8, 11: "it is not encrypted"
        case 9: "it has no integrity protection"
        case 20: "it uses an AEAD draft (packet 20) that is not read here"
        default: "a packet of type \(tag) has no place there"
        }
    }

    static func damaged(_ what: String) -> OpenPGPError {
        OpenPGPError(.message, "the stored file is not a whole encrypted message: \(what)")
    }
}

extension EncryptedMessage {
    /// All of the message, if it has `count` bytes, verified.
    func plaintext(_ key: SessionKey, count: Int) throws(OpenPGPError) -> [UInt8]? {
        guard let verified = try MessagePass(over: self, key).verify(), verified.count == UInt64(count) else {
            return nil
        }
        var plain = [UInt8](repeating: 0, count: count)
        let got = try plain.withUnsafeMutableBufferPointer { buffer throws(OpenPGPError) in
            try verified.read(bytes.descriptor, at: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return got == count ? plain : nil
    }
}

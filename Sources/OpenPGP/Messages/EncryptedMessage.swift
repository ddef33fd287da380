/// An OpenPGP encrypted message as it can be read without a key: PKESK packets, then one SEIPD packet of version 1.
///
/// Source: RFC 4880, sections 5.1 (PKESK), 5.13 (SEIPD) and 11.3 (OpenPGP messages).
package struct EncryptedMessage {
    /// The offset of the SEIPD packet's first length, right after its tag.
    package let lengthOffset: UInt64
    /// The framing, if this program framed the message; else nil.
    package let ownFraming: OwnFraming?
    /// The eight-byte key ID in each PKESK, in their order.
    let recipients: [[UInt8]]
    /// The offsets of the PKESK packets' bodies.
    let keyPackets: [Range<UInt64>]
    let file: CiphertextFile

    /// Reads the packet headers.
    ///
    /// - Throws: `.message` for anything but a message of PKESK packets and a SEIPD packet of version 1: unencrypted,
    ///   without integrity protection, AEAD drafts, garbage.
    package init(_ file: CiphertextFile) throws(OpenPGPError) {
        self.file = file
        var packets = PacketSequence(file)
        var preceding: [PacketSequence.Packet] = []
        var packet = try packets.next()
        while packet.header.tag != PacketTag.seipd {
            try Self.checkBeforeData(packet)
            preceding.append(packet)
            guard preceding.count <= 64 else { throw Self.damaged("its packets are too large") }
            packet = try packets.next()
        }
        guard packet.bodyStart.first == 1 else {
            throw Self.damaged("its encrypted-data packet is of an unknown version")
        }
        let pkesks = preceding.filter { $0.header.tag == PacketTag.pkesk }
        guard let first = pkesks.first else { throw Self.damaged("it is not encrypted to a key") }
        recipients = pkesks.map { Array($0.bodyStart.dropFirst().prefix(8)) }
        keyPackets = pkesks.map(\.body)
        lengthOffset = packet.offset + 1
        // This program's messages have one recipient and no other packets.
        ownFraming =
            preceding.count == 1
            ? try OwnFraming(of: file, at: lengthOffset, isGnuPG: first.header.isOldFormat) : nil
    }

    /// Checks that a packet may come before the SEIPD packet.
    ///
    /// Each is a few hundred bytes long.
    private static func checkBeforeData(_ packet: PacketSequence.Packet) throws(OpenPGPError) {
        let tag = packet.header.tag
        guard case .definite(let count) = packet.header.length else { throw damaged(reason(tag)) }
        switch tag {
        case PacketTag.pkesk:
            guard packet.bodyStart.first == 3 else {
                throw damaged("its session key packet is of an unknown version")
            }
        case PacketTag.skesk, PacketTag.marker: break
        default: throw damaged(reason(tag))
        }
        guard count <= 8192 else { throw damaged("its packets are too large") }
    }

    /// Maps the SEIPD packet's body by walking all its lengths, whichever program framed it.
    ///
    /// - Returns: nil when the packet has more runs than the map holds.
    /// - Throws: `.message` when the packet does not end exactly where the file does.
    package func bodyMap() throws(OpenPGPError) -> PartialBodyMap? {
        var walk = PacketWalk(at: lengthOffset)
        while !walk.isDone {
            try step(&walk)
            if walk.hasTooManyRuns { return nil }
        }
        return walk.map
    }

    /// Passes one length.
    private func step(_ walk: inout PacketWalk) throws(OpenPGPError) {
        let place = walk.next
        try file.read(at: place, 5).withUnsafeBytes { walk.walk($0, at: place) }
        guard walk.next > place else { throw Self.damaged("it is cut off") }
        try check(walk)
    }

    /// Checks a walk through the SEIPD packet against the size of the file.
    ///
    /// - Throws: `.message` when the packet ends after the file, or before it.
    func check(_ walk: PacketWalk) throws(OpenPGPError) {
        guard walk.next <= file.count else { throw Self.damaged("it is cut off") }
        guard !walk.isDone || walk.next == file.count else { throw Self.damaged("something follows after its end") }
    }

    /// Makes a short well-formed message of the same PKESK packets and the first 256 bytes of the SEIPD packet's body.
    package func beginning() throws(OpenPGPError) -> [UInt8] {
        var walk = PacketWalk(at: lengthOffset)
        repeat { try step(&walk) } while !walk.isDone && walk.map.count < 256
        let range = 0..<min(walk.map.count, 256)
        guard let last = range.last else { throw Self.damaged("it is empty") }
        let place = walk.map.outerOffset(of: 0)
        let length = Int(walk.map.outerOffset(of: last) + 1 - place)
        var start = try file.read(at: place, length)
        guard start.count == length else { throw Self.damaged("it is cut off") }
        start.withUnsafeMutableBytes { walk.map.removeLengths(in: $0, at: place, range) }
        return try file.read(at: 0, Int(lengthOffset)) + PacketLength.fiveBytes(range.count) + start[..<range.count]
    }

    private static func reason(_ tag: UInt8) -> String {
        switch tag {
        case PacketTag.compressedData, PacketTag.literalData: "it is not encrypted"
        case PacketTag.symmetricallyEncryptedData: "it has no integrity protection"
        case PacketTag.aeadDraft: "it uses an AEAD draft (packet 20) that is not read here"
        default: "a packet of type \(tag) has no place there"
        }
    }

    /// The error for a stored file that is not a message of this kind.
    static func damaged(_ what: String) -> OpenPGPError {
        OpenPGPError(.message, "the stored file is not a whole encrypted message: \(what)")
    }
}

extension EncryptedMessage {
    /// Decrypts and verifies the whole message.
    ///
    /// - Returns: nil when its plaintext does not have `count` bytes, or it is not one simple literal packet.
    func plaintext(_ key: SessionKey, count: Int) throws(OpenPGPError) -> [UInt8]? {
        guard let verified = try MessagePass(over: self, key).verify(), verified.count == UInt64(count) else {
            return nil
        }
        var plain = [UInt8](repeating: 0, count: count)
        let got = try plain.withUnsafeMutableBufferPointer { buffer throws(OpenPGPError) in
            try verified.read(file.descriptor, at: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return got == count ? plain : nil
    }
}

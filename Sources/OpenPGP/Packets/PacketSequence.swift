/// The packets of a file one after the other, by their headers; the bodies are not read.
///
/// Source: RFC 4880, section 4.2 (packet headers).
struct PacketSequence {
    struct Packet {
        let header: PacketHeader
        /// The offset of the packet's tag in the file.
        let offset: UInt64
        /// The offsets of the body in the file; empty for a body without a definite length.
        let body: Range<UInt64>
        /// The first bytes of the body, 10 if the file has so many: version and key ID of a PKESK.
        let bodyStart: ArraySlice<UInt8>
    }

    private let file: CiphertextFile
    /// The offset of the next packet.
    private var offset: UInt64 = 0

    init(_ file: CiphertextFile) {
        self.file = file
    }

    /// Reads the next packet's header.
    ///
    /// Not to be called after a packet without a definite length.
    ///
    /// - Throws: `.message` where no packet begins, which includes the end of the file.
    mutating func next() throws(OpenPGPError) -> Packet {
        let start = try file.read(at: offset, 16)
        guard let header = PacketHeader(start) else {
            throw EncryptedMessage.damaged("no OpenPGP packet where one must be")
        }
        let place = offset
        let body = offset + UInt64(header.headerLength)
        if case .definite(let count) = header.length { offset = body + count } else { offset = body }
        return Packet(
            header: header, offset: place, body: body..<offset, bodyStart: start.dropFirst(header.headerLength))
    }
}

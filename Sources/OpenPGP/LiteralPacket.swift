/// Looks through the encryption at the packet inside, to find out its size without decrypting all of it.
struct LiteralPacket {
    private let message: StoredMessage
    private let chunks: [StoredMessage.Chunk]
    private let key: SessionKey

    init(in message: StoredMessage, _ key: SessionKey) throws(OpenPGPError) {
        self.message = message
        self.key = key
        chunks = try message.chunks()
    }

    /// The size of the data.
    ///
    /// - Returns: nil when the message does not simply hold one literal packet: compressed or signed ones have to be
    ///   decrypted to know.
    func dataCount() throws(OpenPGPError) -> UInt64? {
        // The random prefix comes first, with a repeat of its last two octets: 18 in all.
        guard let header = PacketHeader(try plain(at: 18, 6)), header.tag == 11 else { return nil }
        var offset: UInt64 = 18 + UInt64(header.headerLength)
        var length = header.length
        let head = try plain(at: offset, 2)
        guard head.count == 2 else { return nil }
        var body: UInt64 = 0
        while case .partial(let count) = length {
            body += count
            offset += count
            guard let (next, size) = PacketLength.read(try plain(at: offset, 5)) else { return nil }
            length = next
            offset += UInt64(size)
        }
        guard case .definite(let last) = length else { return nil }
        let fields = 1 + 1 + UInt64(head[1]) + 4
        guard !last.addingReportingOverflow(offset).overflow, body + last >= fields else { return nil }
        // After the literal packet there must be the modification detection code, and nothing else.
        guard offset + last + 22 == cipherCount, try plain(at: offset + last, 2) == [0xd3, 0x14] else { return nil }
        return body + last - fields
    }

    /// Octets of cipher text: the body without its version octet.
    private var cipherCount: UInt64 {
        chunks.last.map { $0.start + $0.count - 1 } ?? 0
    }

    /// Decrypts up to `count` octets at `offset`.
    private func plain(at offset: UInt64, _ count: Int) throws(OpenPGPError) -> [UInt8] {
        let block = offset / 16 * 16
        let before = block == 0 ? [UInt8](repeating: 0, count: 16) : try cipher(at: block - 16, 16)
        let skip = Int(offset - block)
        return Array(try key.decrypt(cipher(at: block, skip + count), after: before).dropFirst(skip))
    }

    /// Collects cipher text from the pieces of the packet.
    private func cipher(at offset: UInt64, _ count: Int) throws(OpenPGPError) -> [UInt8] {
        var bytes: [UInt8] = []
        var position = offset + 1
        var index = chunks.partitioningIndex { $0.start + $0.count > position }
        while bytes.count < count, index < chunks.count {
            let chunk = chunks[index]
            let length = min(UInt64(count - bytes.count), chunk.start + chunk.count - position)
            bytes += try message.octets.read(at: chunk.offset + (position - chunk.start), Int(length))
            position += length
            index += 1
        }
        return bytes
    }
}

extension [StoredMessage.Chunk] {
    /// The first index for which `belongs` holds, when it holds for all that follow.
    fileprivate func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

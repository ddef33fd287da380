/// The header of one OpenPGP packet: its tag and the first of its lengths.
///
/// Source: RFC 4880, section 4.2 (packet headers).
package struct PacketHeader: Equatable, Sendable {
    package var tag: UInt8
    package var isOldFormat: Bool
    package var length: PacketLength
    /// Bytes of the tag and the first length together.
    package var headerLength: Int

    /// Reads the header at the start of `bytes`.
    ///
    /// - Returns: nil when the bytes are no header or too few (six always suffice).
    package init?(_ bytes: some Collection<UInt8>) {
        guard let first = bytes.first, first & 0x80 != 0 else { return nil }
        let rest = bytes.dropFirst()
        if first & 0x40 != 0 {
            guard let (length, size) = PacketLength.read(rest) else { return nil }
            self.init(tag: first & 0x3f, isOldFormat: false, length: length, headerLength: 1 + size)
        } else {
            let tag = first >> 2 & 0x0f
            let size = [1, 2, 4, 0][Int(first & 3)]
            guard rest.count >= size else { return nil }
            let count = rest.prefix(size).reduce(0) { $0 << 8 | UInt64($1) }
            let length: PacketLength = size == 0 ? .indeterminate : .definite(count)
            self.init(tag: tag, isOldFormat: true, length: length, headerLength: 1 + size)
        }
    }

    private init(tag: UInt8, isOldFormat: Bool, length: PacketLength, headerLength: Int) {
        self.tag = tag
        self.isOldFormat = isOldFormat
        self.length = length
        self.headerLength = headerLength
    }
}

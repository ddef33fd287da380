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
    /// - Returns: nil when the bytes are no header or do not suffice (six always do).
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

/// A length as the new packet format writes it, and the old format's "until the end".
///
/// Source: RFC 4880, sections 4.2.1 and 4.2.2.
package enum PacketLength: Equatable, Sendable {
    case definite(UInt64)
    /// That many bytes, a power of two, and then another length.
    case partial(UInt64)
    case indeterminate

    /// Reads a new-format length.
    ///
    /// - Returns: the length and how many bytes it takes; nil when `bytes` do not suffice (five always do).
    package static func read(_ bytes: some Collection<UInt8>) -> (PacketLength, size: Int)? {
        guard let first = bytes.first else { return nil }
        let rest = bytes.dropFirst()
        switch first {
        case ..<192: return (.definite(UInt64(first)), 1)
        case ..<224:
            guard let second = rest.first else { return nil }
            return (.definite((UInt64(first) - 192) << 8 + UInt64(second) + 192), 2)
        case ..<255: return (.partial(1 << UInt64(first & 0x1f)), 1)
        default:
            guard rest.count >= 4 else { return nil }
            return (.definite(rest.prefix(4).reduce(0) { $0 << 8 | UInt64($1) }), 5)
        }
    }

    /// The five bytes of a definite length, whatever its value.
    package static func fiveBytes(_ count: Int) -> [UInt8] {
        [0xff] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}

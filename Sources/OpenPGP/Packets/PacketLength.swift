/// A body length in a packet header: a length of the new format, or the old format's indeterminate one.
///
/// Source: RFC 4880, sections 4.2.1 and 4.2.2.
package enum PacketLength: Equatable, Sendable {
    case definite(UInt64)
    /// A chunk of that many bytes, a power of two, after which another length follows.
    case partial(UInt64)
    /// The body ends with the file.
    case indeterminate

    /// Reads a new-format length.
    ///
    /// - Returns: the length and its own size in bytes; nil when `bytes` are too few (five always suffice).
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

    /// The five-byte form of a definite length, which exists for every length.
    package static func fiveBytes(_ count: Int) -> [UInt8] {
        [0xff] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}

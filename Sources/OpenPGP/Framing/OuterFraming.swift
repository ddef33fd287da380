/// The partial body lengths with which cryptsftp cuts a packet's body: a first chunk, then chunks of one size, and
/// always a last length of five bytes.
///
/// A body shorter than the first chunk has only the last length. That is ordinary OpenPGP for every reader, and gives
/// three things: the body's length follows exactly from the file's; no other program frames like this, so that a file
/// made elsewhere is never taken for one whose size is known by arithmetic; and the first length tells which engine
/// wrote the file, on which the framing inside depends.
///
/// Source: RFC 4880, sections 4.2.2.3 (five-byte lengths) and 4.2.2.4 (partial body lengths).
package struct OuterFraming: Equatable, Sendable {
    /// Bytes of the first chunk, a power of two, at least 512.
    let first: Int
    /// Bytes of each further chunk, a power of two.
    let chunk: Int

    private init(first: Int, chunk: Int) {
        self.first = first
        self.chunk = chunk
    }

    /// The framing that replaces gpg's own outer lengths while gpg writes.
    ///
    /// - Parameter framing: gpg's framing inside the message, which this one has to tell.
    package init(_ framing: GnuPGFraming) {
        self.init(first: framing == .small ? 1 << 9 : 1 << 10, chunk: 1 << 15)
    }

    /// The native engine's framing of the SEIPD packet.
    package static let native = OuterFraming(first: 1 << 11, chunk: 1 << 16)
    /// The native engine's framing of the literal packet inside.
    package static let nativeLiteral = OuterFraming(first: 1 << 16, chunk: 1 << 16)

    /// The partial length for a chunk of `count` bytes.
    static func partialLength(_ count: Int) -> UInt8 { 0xe0 | UInt8(truncatingIfNeeded: count.trailingZeroBitCount) }

    /// Bytes from the packet's first length to its end, for a body of `body` bytes.
    package func total(forBody body: UInt64) -> UInt64 {
        guard body >= UInt64(first) else { return body + 5 }
        return body + 1 + (body - UInt64(first)) / UInt64(chunk) + 5
    }

    /// Bytes of the body, for `total` bytes from the packet's first length to its end.
    ///
    /// - Returns: nil for a total that ``total(forBody:)`` never gives.
    package func body(forTotal total: UInt64) -> UInt64? {
        guard total >= 5 else { return nil }
        if total - 5 < UInt64(first) { return total - 5 }
        guard total >= UInt64(first) + 6 else { return nil }
        let rest = total - UInt64(first) - 6
        let chunks = rest / UInt64(chunk + 1)
        let last = rest % UInt64(chunk + 1)
        guard last < UInt64(chunk) else { return nil }
        return UInt64(first) + chunks * UInt64(chunk) + last
    }
}

/// How cryptsftp cuts a packet's body: a first piece, then pieces of one size, then always a last length of five bytes.
///
/// A body shorter than the first piece has just the latter. That is ordinary OpenPGP for every reader, and gives three
/// things: the body's length follows exactly from the file's; no other program frames like this, so that a file made
/// elsewhere is never taken for one whose size is known by arithmetic; and the first length tells which engine wrote
/// the file, on which the framing inside depends.
///
/// Source: RFC 4880, sections 4.2.2.3 (five-byte lengths) and 4.2.2.4 (partial body lengths).
package struct OuterFraming: Equatable, Sendable {
    /// Bytes of the first piece, a power of two, at least 512.
    let first: Int
    /// Bytes of each further one, a power of two.
    let chunk: Int

    private init(first: Int, chunk: Int) {
        self.first = first
        self.chunk = chunk
    }

    /// The framing for what a gpg with that buffer writes: its own outer lengths are rewritten while it streams.
    package init(_ framing: GnuPGFraming) {
        self.init(first: framing == .small ? 1 << 9 : 1 << 10, chunk: 1 << 15)
    }

    /// What the native engine writes around the encryption.
    package static let native = OuterFraming(first: 1 << 11, chunk: 1 << 16)
    /// What the native engine writes inside it, around the data.
    package static let nativeLiteral = OuterFraming(first: 1 << 16, chunk: 1 << 16)

    /// The byte that announces a piece.
    static func partialLength(_ count: Int) -> UInt8 { 0xe0 | UInt8(truncatingIfNeeded: count.trailingZeroBitCount) }

    /// Bytes from the packet's first length to its end, for a body of `body` bytes.
    package func total(forBody body: UInt64) -> UInt64 {
        guard body >= UInt64(first) else { return body + 5 }
        return body + 1 + (body - UInt64(first)) / UInt64(chunk) + 5
    }

    /// The inverse of ``total(forBody:)``; nil for a total that it never gives.
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

/// How cryptsftp frames the outer packet of the files it stores.
///
/// gpg's own framing of the encrypted-data packet is rewritten while it streams: a first partial length, then partial
/// lengths of 32 KiB, then always a length of five octets; a body shorter than the first partial length has just the
/// latter. That is ordinary OpenPGP for every reader, and gives three things: the body's length follows exactly from the
/// file's; no other program frames like this, so that a file made elsewhere is never taken for one whose size is known by
/// arithmetic; and the first length tells which buffer gpg had that wrote it, on which the framing inside depends.
package struct StoredFraming: Equatable, Sendable {
    static let chunk = 1 << 15
    static let chunkLength: UInt8 = 0xe0 | 15

    /// Octets of the first partial length: 512 or 1024.
    let first: Int

    /// The framing for what a gpg with that buffer writes.
    package init(_ framing: GnuPGFraming) {
        first = framing == .small ? 1 << 9 : 1 << 10
    }

    /// The octet that announces the first partial length.
    var firstLength: UInt8 { 0xe0 | UInt8(truncatingIfNeeded: first.trailingZeroBitCount) }

    /// Octets from the packet's first length to its end, for a body of `body` octets.
    package func total(forBody body: UInt64) -> UInt64 {
        guard body >= UInt64(first) else { return body + 5 }
        return body + 1 + (body - UInt64(first)) / UInt64(Self.chunk) + 5
    }

    /// The inverse of ``total(forBody:)``; nil for a total that it never gives.
    package func body(forTotal total: UInt64) -> UInt64? {
        guard total >= 5 else { return nil }
        if total - 5 < UInt64(first) { return total - 5 }
        guard total >= UInt64(first) + 6 else { return nil }
        let rest = total - UInt64(first) - 6
        let chunks = rest / UInt64(Self.chunk + 1)
        let last = rest % UInt64(Self.chunk + 1)
        guard last < UInt64(Self.chunk) else { return nil }
        return UInt64(first) + chunks * UInt64(Self.chunk) + last
    }
}

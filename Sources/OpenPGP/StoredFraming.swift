/// How cryptsftp frames the outer packet of the files it stores.
///
/// gpg's own framing of the encrypted-data packet is rewritten while it streams: a first partial length of 512 octets, then
/// partial lengths of 32 KiB, then always a length of five octets; a body under 512 octets has just the latter. That is
/// ordinary OpenPGP for every reader, and gives two things: the body's length follows exactly from the file's, and no other
/// program frames like this, so that a file made elsewhere is never taken for one whose size is known by arithmetic.
package enum StoredFraming {
    static let first = 1 << 9
    static let chunk = 1 << 15
    static let firstLength: UInt8 = 0xe0 | 9
    static let chunkLength: UInt8 = 0xe0 | 15

    /// Octets from the packet's first length to its end, for a body of `body` octets.
    package static func total(forBody body: UInt64) -> UInt64 {
        guard body >= UInt64(first) else { return body + 5 }
        return body + 1 + (body - UInt64(first)) / UInt64(chunk) + 5
    }

    /// The inverse of ``total(forBody:)``; nil for a total that it never gives.
    package static func body(forTotal total: UInt64) -> UInt64? {
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

/// A walk through the partial body lengths of one packet, which makes a ``PartialBodyMap``.
///
/// The bytes may come in parts, and any program may have cut the packet.
///
/// Source: RFC 4880, section 4.2.2 (new format packet lengths).
struct PacketWalk {
    /// The chunks passed.
    private(set) var map: PartialBodyMap
    /// The offset of the next length, or, after the last chunk, of what follows the packet.
    private(set) var next: UInt64
    /// Whether the last chunk was passed.
    private(set) var isDone = false
    /// Whether the packet has more runs than the map holds: then the walk stops, and random access is given up.
    private(set) var hasTooManyRuns = false

    /// Starts at the first length of a packet.
    ///
    /// - Parameters:
    ///   - offset: the offset of the first length, right after the packet's tag.
    ///   - limit: see ``PartialBodyMap/init(limit:)``.
    init(at offset: UInt64, limit: Int = 16384) {
        map = PartialBodyMap(limit: limit)
        next = offset
    }

    /// A finished walk through a packet of the old format, whose body is one chunk of `count` bytes at `offset`.
    init(wholeAt offset: UInt64, _ count: UInt64) {
        map = PartialBodyMap()
        hasTooManyRuns = !map.append(chunkAt: offset, count)
        next = offset + count
        isDone = true
    }

    /// Walks on as far as the lengths are in `bytes`.
    ///
    /// - Parameter offset: the offset of the first of `bytes`.
    mutating func walk(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        while !isDone, !hasTooManyRuns, next >= offset, next - offset < UInt64(bytes.count) {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(next - offset)...])
            guard let (length, size) = PacketLength.read(rest) else { return }
            switch length {
            case .definite(let count):
                isDone = true
                pass(size, count)
            case .partial(let count): pass(size, count)
            case .indeterminate: return
            }
        }
    }

    /// Passes a length of `size` bytes and the chunk of `count` bytes after it.
    private mutating func pass(_ size: Int, _ count: UInt64) {
        hasTooManyRuns = !map.append(chunkAt: next + UInt64(size), count)
        next += UInt64(size) + count
    }
}

/// The way through the lengths of one packet, whoever framed it and however its bytes come.
///
/// Source: RFC 4880, section 4.2.2 (new format packet lengths).
struct PacketWalk {
    /// The pieces passed.
    private(set) var pieces: PartialBodyMap
    /// Where the next length is, or, after the last piece, what follows the packet.
    private(set) var next: UInt64
    /// Whether the last piece was passed.
    private(set) var isDone = false
    /// Whether the pieces are too irregular to be remembered; the walk does not go on then.
    private(set) var isIrregular = false

    /// - Parameters:
    ///   - offset: where the packet's first length is, right after its tag.
    ///   - limit: see ``PartialBodyMap/init(limit:)``.
    init(at offset: UInt64, limit: Int = 16384) {
        pieces = PartialBodyMap(limit: limit)
        next = offset
    }

    /// A packet of the old format: a body of `count` bytes at `offset`, in one piece.
    init(wholeAt offset: UInt64, _ count: UInt64) {
        pieces = PartialBodyMap()
        isIrregular = !pieces.append(at: offset, count)
        next = offset + count
        isDone = true
    }

    /// Goes on as far as the lengths are in `bytes`.
    ///
    /// - Parameter offset: the position of the first of `bytes`.
    mutating func walk(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        while !isDone, !isIrregular, next >= offset, next - offset < UInt64(bytes.count) {
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

    private mutating func pass(_ size: Int, _ count: UInt64) {
        isIrregular = !pieces.append(at: next + UInt64(size), count)
        next += UInt64(size) + count
    }
}

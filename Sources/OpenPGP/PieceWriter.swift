/// Cuts a packet's body into the pieces of a ``StoredFraming`` while it comes.
///
/// It keeps less than one piece back.
struct PieceWriter {
    private let framing: StoredFraming
    /// Octets that are not a whole piece yet.
    private var pending: [UInt8] = []
    private var startedPartials = false
    /// Octets of the body taken.
    private(set) var count: UInt64 = 0

    init(_ framing: StoredFraming) {
        self.framing = framing
    }

    /// Takes the next octets of the body and appends whole pieces with their lengths to `output`.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
        count += UInt64(bytes.count)
        var rest = bytes[...]
        while true {
            let size = startedPartials ? framing.chunk : framing.first
            let part = rest.prefix(size - pending.count)
            pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
            rest = rest.dropFirst(part.count)
            guard pending.count == size else { return }
            output.append(StoredFraming.partialLength(size))
            output += pending
            pending.removeAll(keepingCapacity: true)
            startedPartials = true
        }
    }

    /// Takes the next octets, as the other does.
    mutating func take(_ bytes: [UInt8], _ output: inout [UInt8]) {
        bytes.withUnsafeBytes { take($0, &output) }
    }

    /// Appends the last piece.
    mutating func finish(_ output: inout [UInt8]) {
        output += PacketLength.fiveOctets(pending.count)
        output += pending
        pending = []
    }
}

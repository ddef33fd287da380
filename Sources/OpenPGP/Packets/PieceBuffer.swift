/// Cuts a packet's body into the pieces of a ``StoredFraming`` while it comes.
///
/// A piece's length comes before it and is known after it: room for it is kept. So each octet is copied here once.
package struct PieceBuffer {
    private let framing: StoredFraming
    /// What comes before the body, whole pieces with their lengths, and one that is not whole yet.
    private var octets: [UInt8]
    /// Where the length goes of the piece that is not whole.
    private var open: Int
    private var startedPartials = false
    /// Octets of the body taken.
    package private(set) var count: UInt64 = 0

    /// - Parameter header: what comes before the first length.
    package init(_ framing: StoredFraming, after header: [UInt8] = []) {
        self.framing = framing
        octets = header + [0]
        open = header.count
    }

    /// Octets that ``drain(_:)`` would give.
    package var ready: Int { open }

    /// Takes the next octets of the body.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        count += UInt64(bytes.count)
        var rest = bytes[...]
        while true {
            let size = startedPartials ? framing.chunk : framing.first
            let part = rest.prefix(size - (octets.count - open - 1))
            octets.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
            rest = rest.dropFirst(part.count)
            guard octets.count - open - 1 == size else { return }
            octets[open] = StoredFraming.partialLength(size)
            open = octets.count
            octets.append(0)
            startedPartials = true
        }
    }

    /// Takes the next octets, as the other does.
    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Makes what is there the last piece; nothing may be appended after it.
    package mutating func finish() {
        octets.replaceSubrange(open...open, with: PacketLength.fiveOctets(octets.count - open - 1))
        open = octets.count
    }

    /// Gives what is whole to `body`, which may change it, and forgets it.
    package mutating func drain<E>(_ body: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        try octets.withUnsafeMutableBufferPointer { octets throws(E) in
            try body(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: octets[..<open])))
        }
        octets.removeSubrange(..<open)
        open = 0
    }
}

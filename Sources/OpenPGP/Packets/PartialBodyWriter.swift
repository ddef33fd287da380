/// Cuts a packet's body into the pieces of a ``OuterFraming`` while it comes.
///
/// A piece's length comes before it and is known after it: room for it is kept. So each byte is copied here once.
package struct PartialBodyWriter {
    private let framing: OuterFraming
    /// What comes before the body, whole pieces with their lengths, and one that is not whole yet.
    private var buffer: [UInt8]
    /// Where the length goes of the piece that is not whole.
    private var open: Int
    private var startedPartials = false
    /// Bytes of the body taken.
    package private(set) var count: UInt64 = 0

    /// - Parameter header: what comes before the first length.
    package init(_ framing: OuterFraming, after header: [UInt8] = []) {
        self.framing = framing
        buffer = header + [0]
        open = header.count
    }

    /// Bytes that ``drain(_:)`` would give.
    package var ready: Int { open }

    /// Takes the next bytes of the body.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        count += UInt64(bytes.count)
        var rest = bytes[...]
        while true {
            let size = startedPartials ? framing.chunk : framing.first
            let part = rest.prefix(size - (buffer.count - open - 1))
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
            rest = rest.dropFirst(part.count)
            guard buffer.count - open - 1 == size else { return }
            buffer[open] = OuterFraming.partialLength(size)
            open = buffer.count
            buffer.append(0)
            startedPartials = true
        }
    }

    /// Takes the next bytes, as the other does.
    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Makes what is there the last piece; nothing may be appended after it.
    package mutating func finish() {
        buffer.replaceSubrange(open...open, with: PacketLength.fiveBytes(buffer.count - open - 1))
        open = buffer.count
    }

    /// Gives what is whole to `body`, which may change it, and forgets it.
    package mutating func drain<E>(_ body: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        try buffer.withUnsafeMutableBufferPointer { bytes throws(E) in
            try body(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[..<open])))
        }
        buffer.removeSubrange(..<open)
        open = 0
    }
}

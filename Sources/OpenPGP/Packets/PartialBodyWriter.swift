/// Cuts a packet's body into partial body lengths while it comes, as an ``OuterFraming`` says.
///
/// A chunk's length comes before it and is known after it: a byte is kept free for it. So each byte of the body is
/// copied here once.
///
/// Source: RFC 4880, section 4.2.2.4 (partial body lengths).
package struct PartialBodyWriter {
    private let framing: OuterFraming
    /// What comes before the body, whole chunks with their lengths, and the chunk that is not whole yet.
    private var buffer: [UInt8]
    /// The index of the byte kept for the length of the chunk that is not whole yet.
    private var open: Int
    private var startedPartials = false
    /// Bytes of the body taken.
    package private(set) var count: UInt64 = 0

    /// Starts a body.
    ///
    /// - Parameter header: what comes before the first length.
    package init(_ framing: OuterFraming, after header: [UInt8] = []) {
        self.framing = framing
        buffer = header + [0]
        open = header.count
    }

    /// The number of bytes that ``drain(_:)`` would give.
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

    /// Takes the next bytes of the body.
    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Makes the chunk so far the last one; nothing may be appended after it.
    package mutating func finish() {
        buffer.replaceSubrange(open...open, with: PacketLength.fiveBytes(buffer.count - open - 1))
        open = buffer.count
    }

    /// Gives whole chunks with their lengths to `body`, which may change the bytes, and forgets them.
    package mutating func drain<E>(_ body: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        try buffer.withUnsafeMutableBufferPointer { bytes throws(E) in
            try body(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[..<open])))
        }
        buffer.removeSubrange(..<open)
        open = 0
    }
}

/// Cuts the bytes of a channel into packets.
///
/// Bytes may arrive in any pieces. A length that no packet may have is noticed as soon as its four bytes are there, and
/// nothing is ever allocated for a length: the buffer grows only with bytes received.
package struct PacketBuffer {
    private var storage: [UInt8] = []
    private var start = 0

    package init() {}

    /// Bytes received and not yet handed out as packets.
    package var count: Int { storage.count - start }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            storage.removeSubrange(..<start)
            start = 0
        }
        storage.append(contentsOf: bytes)
    }

    /// The next whole packet, from its type byte on, or nil while it is incomplete.
    ///
    /// - Throws: ``ProtocolViolation`` for a length of 0 or over ``Limits/packetLength``: what follows cannot be
    ///   framed.
    package mutating func next() throws(ProtocolViolation) -> ArraySlice<UInt8>? {
        guard count >= 4 else { return nil }
        let length = storage[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length >= 1 else { throw ProtocolViolation("a packet of length 0") }
        guard length <= Limits.packetLength else {
            throw ProtocolViolation("a packet of \(length) bytes, over the limit of \(Limits.packetLength)")
        }
        guard count >= 4 + length else { return nil }
        defer { start += 4 + length }
        return storage[start + 4..<start + 4 + length]
    }
}

/// A client that has left the protocol: the session can only end.
package struct ProtocolViolation: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

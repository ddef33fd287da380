/// Cuts the bytes of a channel into packets.
///
/// The bytes may be cut anywhere. A length that no packet may have is refused as soon as its four bytes are there. A
/// length allocates nothing: the buffer grows only with the bytes received.
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
    /// - Throws: ``ProtocolViolation`` for a length of 0 or over ``Limits/packetLength``, after which
    ///   the next packet cannot be found.
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

/// Appends the fields of packets to a buffer of bytes.
///
/// Source: RFC 4251, section 5 (data types).
extension [UInt8] {
    package mutating func append(uint32 value: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    package mutating func append(uint64 value: UInt64) {
        append(uint32: UInt32(truncatingIfNeeded: value >> 32))
        append(uint32: UInt32(truncatingIfNeeded: value))
    }

    /// Appends a length and the bytes.
    ///
    /// The string must be shorter than a packet.
    package mutating func append(string bytes: some Collection<UInt8>) {
        append(uint32: UInt32(truncatingIfNeeded: bytes.count))
        append(contentsOf: bytes)
    }

    /// Appends one whole packet: length, type, and the fields that `fields` appends.
    ///
    /// When `fields` throws, nothing is appended.
    package mutating func appendPacket<Failure>(
        _ type: PacketType, _ fields: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        let start = count
        append(uint32: 0)
        append(type.rawValue)
        do {
            try fields(&self)
        } catch {
            removeSubrange(start...)
            throw error
        }
        patch(uint32: UInt32(truncatingIfNeeded: count - start - 4), at: start)
    }

    /// Overwrites the four bytes at `index`, for a length that is known only after the bytes that follow it.
    mutating func patch(uint32 value: UInt32, at index: Int) {
        for offset in 0..<4 { self[index + offset] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(offset))) }
    }
}

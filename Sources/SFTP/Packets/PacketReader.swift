/// A cursor over the fields of one packet.
///
/// A field that does not fit into the rest of the packet throws ``FileSystemError/badMessage(_:)``.
///
/// Source: RFC 4251, section 5 (data types).
package struct PacketReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// A cursor at the first byte of `bytes`.
    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The number of bytes that have not been read.
    package var remaining: Int { bytes.endIndex - position }

    package mutating func byte() throws(FileSystemError) -> UInt8 {
        try take(1).first ?? 0
    }

    package mutating func uint32() throws(FileSystemError) -> UInt32 {
        try take(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    package mutating func uint64() throws(FileSystemError) -> UInt64 {
        try take(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads a length and that many bytes, as a view of the packet without a copy.
    package mutating func string() throws(FileSystemError) -> ArraySlice<UInt8> {
        try take(Int(uint32()))
    }

    private mutating func take(_ count: Int) throws(FileSystemError) -> ArraySlice<UInt8> {
        guard count <= remaining else { throw .badMessage("the packet is shorter than its fields say") }
        defer { position += count }
        return bytes[position..<position + count]
    }
}

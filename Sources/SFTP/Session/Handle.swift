/// A handle of an open file or directory: eight random bytes, which cannot be guessed and do not repeat.
package struct Handle: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    /// Reads the handle string of a request.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for a string of another length, which is no handle of this server.
    package init(from reader: inout PacketReader) throws(FileSystemError) {
        let string = try reader.string()
        guard string.count == 8 else { throw Handle.unknown }
        value = string.reduce(0) { $0 << 8 | UInt64($1) }
    }

    package func append(to packet: inout [UInt8]) {
        packet.append(uint32: 8)
        packet.append(uint64: value)
    }

    static let unknown = FileSystemError.failure("the handle is not open")
}

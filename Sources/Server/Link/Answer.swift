package import SFTP

/// The listener's answer to a ``Question``, framed like an ``Event``.
package enum Answer: Equatable, Sendable {
    /// So many milliseconds.
    case delay(UInt64)
    /// The listener does not do what was asked, for a reason that the client may read.
    case refused(String)

    private enum Kind: UInt8 { case delay = 1, refused }

    /// Decodes an answer.
    ///
    /// - Parameter packet: the packet without its length.
    /// - Throws: ``SFTP/FileSystemError/badMessage(_:)`` for a packet that no listener sends.
    package init(_ packet: ArraySlice<UInt8>) throws(FileSystemError) {
        var fields = PacketReader(packet)
        guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("unknown answer") }
        switch kind {
        case .delay: self = .delay(try fields.uint64())
        case .refused: self = .refused(String(decoding: try fields.string(), as: UTF8.self))
        }
        guard fields.remaining == 0 else { throw .badMessage("bytes after the end of an answer") }
    }

    /// The answer as a packet, with its length.
    package var packet: [UInt8] {
        var fields: [UInt8] = []
        switch self {
        case .delay(let milliseconds):
            fields.append(Kind.delay.rawValue)
            fields.append(uint64: milliseconds)
        case .refused(let reason):
            fields.append(Kind.refused.rawValue)
            fields.append(string: reason.utf8)
        }
        var packet: [UInt8] = []
        packet.append(uint32: UInt32(truncatingIfNeeded: fields.count))
        return packet + fields
    }
}

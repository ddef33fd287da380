package import SFTP
package import Vault

/// The listener's answer to a ``Question``, framed like an ``Event``.
package enum Answer: Equatable, Sendable {
    /// The listener has taken note.
    case done
    /// The listener does not do what was asked, for a reason that the client may read.
    case refused(String)
    /// So many milliseconds.
    case delay(UInt64)
    /// The name of the visit's directory in the account's home, and its identity.
    case visit([UInt8], FileIdentity)
    case booking(Booking)
    /// The bytes that were taken from the budget.
    case granted(UInt64)
    case room(Room)

    private enum Kind: UInt8 { case done = 1, refused, delay, visit, booking, granted, room }

    /// Decodes an answer.
    ///
    /// - Parameter packet: the packet without its length.
    /// - Throws: ``SFTP/FileSystemError/badMessage(_:)`` for a packet that no listener sends.
    package init(_ packet: ArraySlice<UInt8>) throws(FileSystemError) {
        var fields = PacketReader(packet)
        guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("unknown answer") }
        func number(_ fields: inout PacketReader) throws(FileSystemError) -> UInt64 { try fields.uint64() }
        switch kind {
        case .done: self = .done
        case .refused: self = .refused(try fields.text())
        case .delay: self = .delay(try fields.uint64())
        case .visit: self = .visit(Array(try fields.string()), try fields.identity())
        case .booking: self = .booking(Booking(isOwn: try fields.byte() != 0, size: try fields.optional(number)))
        case .granted: self = .granted(try fields.uint64())
        case .room:
            self = .room(
                Room(
                    most: try fields.optional(number), free: try fields.uint64(),
                    freeObjects: try fields.optional(number)))
        }
        guard fields.remaining == 0 else { throw .badMessage("bytes after the end of an answer") }
    }

    /// The answer as a packet, with its length.
    package var packet: [UInt8] {
        var fields: [UInt8] = []
        switch self {
        case .done: fields.append(Kind.done.rawValue)
        case .refused(let reason):
            fields.append(Kind.refused.rawValue)
            fields.append(string: reason.utf8)
        case .delay(let milliseconds):
            fields.append(Kind.delay.rawValue)
            fields.append(uint64: milliseconds)
        case .visit(let name, let directory):
            fields.append(Kind.visit.rawValue)
            fields.append(string: name)
            fields.append(directory)
        case .booking(let booking):
            fields.append(Kind.booking.rawValue)
            fields.append(booking.isOwn ? 1 : 0)
            fields.append(booking.size) { $0.append(uint64: $1) }
        case .granted(let bytes):
            fields.append(Kind.granted.rawValue)
            fields.append(uint64: bytes)
        case .room(let room):
            fields.append(Kind.room.rawValue)
            fields.append(room.most) { $0.append(uint64: $1) }
            fields.append(uint64: room.free)
            fields.append(room.freeObjects) { $0.append(uint64: $1) }
        }
        var packet: [UInt8] = []
        packet.append(uint32: UInt32(truncatingIfNeeded: fields.count))
        return packet + fields
    }
}

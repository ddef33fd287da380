package import SFTP

/// What the two processes of a connection report to the listener, or ask it.
///
/// An event is framed like an SFTP packet: a length, a type, fields (RFC 4251, section 5).
package enum Event: Equatable, Sendable {
    /// A password was given, and is being checked: `loggedIn` or a failed login follows.
    case loginStarted
    case loggedIn(user: String, isOwner: Bool)
    /// A transfer has begun: its number, and a description of bounded length.
    case opened(UInt64, String)
    /// The transfer with this number has ended.
    case closed(UInt64)
    case log(level: String, message: String, metadata: [String: String])
    /// A question, which the listener answers before the process sends anything else.
    case asked(Question)
    /// A monitor needs an opened key: see ``KeyBroker``.
    case keyWanted(String)
    /// A monitor has the opened key.
    case keyOpened(String)
    /// A monitor cannot open the key that it wanted.
    case keyNotOpened

    private enum Kind: UInt8 {
        case loggedIn = 1, opened, closed, log, asked, keyWanted, keyOpened, keyNotOpened, loginStarted
    }

    /// Decodes an event.
    ///
    /// - Parameter packet: the packet without its length.
    /// - Throws: `ProtocolViolation` for a packet that no session sends.
    package init(_ packet: ArraySlice<UInt8>) throws(ProtocolViolation) {
        var fields = PacketReader(packet)
        do throws(FileSystemError) {
            guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("unknown event type") }
            switch kind {
            case .loginStarted: self = .loginStarted
            case .loggedIn: self = .loggedIn(user: try fields.text(), isOwner: try fields.byte() != 0)
            case .opened: self = .opened(try fields.uint64(), try fields.text())
            case .closed: self = .closed(try fields.uint64())
            case .log:
                let (level, message) = (try fields.text(), try fields.text())
                var metadata: [String: String] = [:]
                while fields.remaining > 0 { metadata[try fields.text()] = try fields.text() }
                self = .log(level: level, message: message, metadata: metadata)
            case .asked: self = .asked(try Question(from: &fields))
            case .keyWanted: self = .keyWanted(try fields.text())
            case .keyOpened: self = .keyOpened(try fields.text())
            case .keyNotOpened: self = .keyNotOpened
            }
            guard fields.remaining == 0 else { throw .badMessage("bytes after the end of an event") }
        } catch {
            throw ProtocolViolation(error.message)
        }
    }

    /// The event as a packet, with its length.
    package var packet: [UInt8] {
        let kind: Kind
        var fields: [UInt8] = []
        switch self {
        case .keyWanted(let key), .keyOpened(let key):
            kind = if case .keyWanted = self { .keyWanted } else { .keyOpened }
            fields.append(string: key.utf8)
        case .keyNotOpened: kind = .keyNotOpened
        case .loginStarted: kind = .loginStarted
        case .loggedIn(let user, let isOwner):
            kind = .loggedIn
            fields.append(string: user.utf8)
            fields.append(isOwner ? 1 : 0)
        case .opened(let number, let transfer):
            kind = .opened
            fields.append(uint64: number)
            fields.append(string: transfer.utf8)
        case .closed(let number):
            kind = .closed
            fields.append(uint64: number)
        case .log(let level, let message, let metadata):
            kind = .log
            for text in [level, message] + metadata.flatMap({ [$0.key, $0.value] }) { fields.append(string: text.utf8) }
        case .asked(let question):
            kind = .asked
            question.append(to: &fields)
        }
        var packet: [UInt8] = []
        packet.append(uint32: UInt32(fields.count + 1))
        packet.append(kind.rawValue)
        return packet + fields
    }
}

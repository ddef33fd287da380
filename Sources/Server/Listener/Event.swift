internal import Foundation
internal import Logging
package import SFTP

/// What a session process tells the listener.
///
/// Each is framed as SFTP frames its packets: a length, a type, fields. Source: RFC 4251, section 5 (data types).
package enum Event: Equatable, Sendable {
    case loginFailed
    case loggedIn(user: String, isOwner: Bool)
    /// A transfer begins or ends, for the farewell; its description is bounded.
    case opened(UInt64, String)
    case closed(UInt64)
    case log(level: String, message: String, metadata: [String: String])

    private enum Kind: UInt8 { case loginFailed = 1, loggedIn, opened, closed, log }

    /// Reads one, from its type on.
    ///
    /// - Throws: ``ProtocolViolation`` for what no session sends.
    package init(_ packet: ArraySlice<UInt8>) throws(ProtocolViolation) {
        var fields = PacketReader(packet)
        do throws(FileSystemError) {
            guard let kind = Kind(rawValue: try fields.byte()) else { throw .badMessage("no event is of that type") }
            switch kind {
            case .loginFailed: self = .loginFailed
            case .loggedIn: self = .loggedIn(user: try fields.text(), isOwner: try fields.byte() != 0)
            case .opened: self = .opened(try fields.uint64(), try fields.text())
            case .closed: self = .closed(try fields.uint64())
            case .log:
                let (level, message) = (try fields.text(), try fields.text())
                var metadata: [String: String] = [:]
                while fields.remaining > 0 { metadata[try fields.text()] = try fields.text() }
                self = .log(level: level, message: message, metadata: metadata)
            }
            guard fields.remaining == 0 else { throw .badMessage("something follows after an event") }
        } catch {
            throw ProtocolViolation(error.message)
        }
    }

    /// The whole packet.
    package var packet: [UInt8] {
        let kind: Kind
        var fields: [UInt8] = []
        switch self {
        case .loginFailed: kind = .loginFailed
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
        }
        var packet: [UInt8] = []
        packet.append(uint32: UInt32(fields.count + 1))
        packet.append(kind.rawValue)
        return packet + fields
    }
}

extension PacketReader {
    fileprivate mutating func text() throws(FileSystemError) -> String { String(decoding: try string(), as: UTF8.self) }
}

/// The session's end of the pipe.
///
/// Events are written whole, by one thread.
struct EventPipe: Sendable {
    let descriptor: Int32

    func send(_ event: Event) {
        event.packet.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
                if count < 0 && errno == EINTR { continue }
                // A listener that is gone wants no events; the kernel tells this process to end.
                guard count > 0 else { return }
                sent += count
            }
        }
    }
}

/// The log of a session process: it goes to the listener, which writes it.
struct EventLog: LogHandler {
    let pipe: EventPipe
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    init(_ pipe: EventPipe, _ level: Logger.Level) {
        self.pipe = pipe
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
        pipe.send(.log(level: event.level.rawValue, message: "\(event.message)", metadata: all))
    }
}

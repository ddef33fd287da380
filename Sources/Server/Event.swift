internal import Foundation
internal import Logging

/// What a session process tells the listener, a line of JSON each.
enum Event: Codable, Sendable {
    case loginFailed
    case loggedIn(user: String, isOwner: Bool)
    /// A transfer begins or ends, for the farewell; its description is bounded.
    case opened(Int, String)
    case closed(Int)
    case log(level: String, message: String, metadata: [String: String])
}

/// The session's end of the pipe.
///
/// Lines are written whole, by one thread.
struct EventPipe: Sendable {
    let descriptor: Int32

    func send(_ event: Event) {
        guard var line = try? JSONEncoder().encode(event) else { return }
        line.append(UInt8(ascii: "\n"))
        line.withUnsafeBytes { bytes in
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

internal import Logging

/// The log of a session process: its entries are sent to the listener, which writes them.
struct EventLog: LogHandler {
    let link: ListenerLink
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    init(_ link: ListenerLink, _ level: Logger.Level) {
        self.link = link
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
        link.send(.log(level: event.level.rawValue, message: "\(event.message)", metadata: all))
    }
}

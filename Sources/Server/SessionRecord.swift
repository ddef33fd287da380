internal import Foundation

/// What the listener knows of one session process.
final class SessionRecord {
    let process: pid_t
    let peer: String
    let started = ContinuousClock.now
    /// The listener's end of the pipe of events.
    let events: Int32
    var user: String?
    var transfers: [String] = []
    private var partial = Data()

    init(process: pid_t, peer: String, events: Int32) {
        self.process = process
        self.peer = peer
        self.events = events
    }

    deinit {
        close(events)
    }

    /// Takes the events that have arrived.
    ///
    /// - Returns: nil when the session has closed its end.
    func read() -> [Event]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Foundation.read(events, &buffer, buffer.count)
        if count < 0 { return errno == EINTR || errno == EAGAIN ? [] : nil }
        guard count > 0 else { return nil }
        partial += buffer[..<count]
        // A session that was taken over could send a line without end.
        guard partial.count < 1 << 20 else { return nil }
        var lines = partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        partial = Data(lines.removeLast())
        return lines.compactMap { try? JSONDecoder().decode(Event.self, from: Data($0)) }
    }
}

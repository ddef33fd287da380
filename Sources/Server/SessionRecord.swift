internal import Foundation

/// What the listener knows of one session process.
final class SessionRecord {
    let process: pid_t
    let peer: String
    let started = ContinuousClock.now
    /// The listener's end of the pipe of events.
    let events: Int32
    var user: String?
    var transfers: [Int: String] = [:]
    /// Whether the listener has killed it: its end is no surprise.
    var isKilled = false
    /// Whether its end of the pipe is still open.
    private(set) var isOpen = true
    private var partial = Data()

    /// Octets of the longest line; a session that was taken over could send one without end.
    private static let longestLine = 1 << 20

    init(process: pid_t, peer: String, events: Int32) {
        self.process = process
        self.peer = peer
        self.events = events
    }

    deinit {
        close(events)
    }

    /// Takes all events that have arrived; the descriptor does not block.
    ///
    /// - Returns: nil when what it sends is no events: it is not what was started any more.
    func read() -> [Event]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while isOpen && partial.count <= SessionRecord.longestLine {
            let count = Foundation.read(events, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            isOpen = count > 0
            partial += buffer[..<max(0, count)]
        }
        var lines = partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        partial = Data(lines.removeLast())
        guard partial.count <= SessionRecord.longestLine else {
            isOpen = false
            partial = Data()
            return nil
        }
        return lines.compactMap { try? JSONDecoder().decode(Event.self, from: Data($0)) }
    }
}

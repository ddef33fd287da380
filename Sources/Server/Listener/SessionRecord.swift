package import Foundation
internal import SFTP

/// What the listener knows of one session process.
package final class SessionRecord {
    let process: pid_t
    let peer: String
    let started = ContinuousClock.now
    /// The listener's end of the pipe of events.
    let events: Int32
    var user: String?
    var transfers: [UInt64: String] = [:]
    /// Whether the listener has killed it: its end is no surprise.
    var isKilled = false
    /// Whether its end of the pipe is still open.
    private(set) var isOpen = true
    /// What has arrived of the next event; a session that was taken over could send one without end, which this
    /// refuses.
    private var input = PacketBuffer()

    package init(process: pid_t, peer: String, events: Int32) {
        self.process = process
        self.peer = peer
        self.events = events
    }

    deinit {
        close(events)
    }

    /// Bytes taken at once, as many as a pipe can hold: a session that was taken over could send events without end,
    /// and the others wait meanwhile.
    private static let most = 1 << 20

    /// Takes the events that have arrived; the descriptor does not block.
    ///
    /// - Returns: nil when what it sends is no events: it is not what was started any more.
    package func read() -> [Event]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        var taken: [Event] = []
        do throws(ProtocolViolation) {
            var left = SessionRecord.most
            while isOpen && left > 0 {
                let count = Foundation.read(events, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == EAGAIN { break }
                isOpen = count > 0
                left -= max(0, count)
                buffer.withUnsafeBytes { input.append(UnsafeRawBufferPointer(rebasing: $0.prefix(max(0, count)))) }
                while let packet = try input.next() { taken.append(try Event(packet)) }
            }
            return taken
        } catch {
            isOpen = false
            return nil
        }
    }
}

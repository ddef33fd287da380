package import Foundation
package import Platform
internal import SFTP

/// What the listener knows about one session process.
package final class SessionRecord {
    let process: pid_t
    let peer: String
    let started = ContinuousClock.now
    /// The listener's end of the socket of a ``ListenerLink``; neither reads nor writes block.
    package let link: OwnedDescriptor
    /// The user who has logged in; nil before the login.
    var user: String?
    /// Whether that is the owner's login.
    var isOwner = false
    /// The file of the user's public keys as it was when somebody else than the owner has logged in.
    var keys: FileStamp?
    /// Who has stored what the session stores; nil for the owner.
    var holder: Bookings.Holder?
    /// The room that the session has taken.
    var hold = Budgets.Hold()
    /// Descriptions of the transfers that are open, by their numbers.
    var transfers: [UInt64: String] = [:]
    /// Whether the listener has killed the session: then its end is no error.
    var isKilled = false
    /// Whether the session waits for an answer.
    private var isWaiting = false
    /// Whether the session's end of the socket is still open.
    private(set) var isOpen = true
    /// The part of the next event that has arrived.
    ///
    /// The buffer bounds the length of a packet: a compromised session could send one without end.
    private var input = PacketBuffer()

    package init(process: pid_t, peer: String, link: OwnedDescriptor) {
        self.process = process
        self.peer = peer
        self.link = link
    }

    /// Bytes that are read at once.
    ///
    /// A compromised session could send events without end, and the other sessions would wait.
    private static let readLimit = 1 << 20

    /// Reads the events that have arrived.
    ///
    /// - Returns: nil when the session has sent what no session sends, such as a second question before the first one
    ///   was answered: it must be compromised.
    package func read() -> [Event]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        var taken: [Event] = []
        do throws(ProtocolViolation) {
            var left = SessionRecord.readLimit
            while isOpen && left > 0, let count = readOnce(&buffer) {
                isOpen = count > 0
                left -= count
                buffer.withUnsafeBytes { input.append(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
                while let packet = try input.next() { taken.append(try noting(Event(packet))) }
            }
            return taken
        } catch {
            isOpen = false
            return nil
        }
    }

    private func noting(_ event: Event) throws(ProtocolViolation) -> Event {
        guard case .asked = event else { return event }
        guard !isWaiting else { throw ProtocolViolation("a second question") }
        isWaiting = true
        return event
    }

    /// Answers the question that the session waits for; a session that has ended gets none.
    ///
    /// The C function is `send`.
    ///
    /// - Returns: false when the session does not read its answers: it must be compromised.
    package func answer(_ answer: Answer) -> Bool {
        isWaiting = false
        let packet = answer.packet
        let sent = send(link.raw, packet, packet.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        return sent == packet.count || sent < 0 && (errno == EPIPE || errno == ECONNRESET)
    }

    /// - Returns: the number of bytes, 0 at the end of the stream; nil when nothing has arrived.
    private func readOnce(_ buffer: inout [UInt8]) -> Int? {
        buffer.withUnsafeMutableBytes { bytes in
            do throws(SystemError) {
                return try FileIO.readOnce(link.raw, into: bytes)
            } catch {
                return error.number == EAGAIN ? nil : 0
            }
        }
    }
}

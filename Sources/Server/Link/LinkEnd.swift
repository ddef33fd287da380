internal import Foundation
package import Platform
internal import SFTP

/// The listener's end of the socket of a ``ListenerLink``; neither reads nor writes block.
package final class LinkEnd {
    package let descriptor: OwnedDescriptor
    /// Whether the process waits for an answer.
    private var isWaiting = false
    /// Whether the other end of the socket is still open.
    private(set) var isOpen = true
    /// The part of the next event that has arrived.
    ///
    /// The buffer bounds the length of a packet: a compromised session could send one without end.
    private var input = PacketBuffer()

    /// Takes over the listener's end.
    package init(_ descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
        _ = fcntl(descriptor.raw, F_SETFL, fcntl(descriptor.raw, F_GETFL) | O_NONBLOCK)
    }

    /// Bytes that are read at once.
    ///
    /// A compromised session could send events without end, and the other sessions would wait.
    private static let readLimit = 1 << 20

    /// Reads the events that have arrived.
    ///
    /// - Returns: nil when what no session sends has come, such as a second question before the first one was answered:
    ///   the process must be compromised.
    package func read() -> [Event]? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var taken: [Event] = []
        do throws(ProtocolViolation) {
            var left = LinkEnd.readLimit
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

    /// Answers the question that the process waits for; one that has ended gets none.
    ///
    /// The C function is `send`.
    ///
    /// - Returns: false when the process does not read its answers: it must be compromised.
    package func answer(_ answer: Answer) -> Bool {
        isWaiting = false
        let packet = answer.packet
        let sent = send(descriptor.raw, packet, packet.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        return sent == packet.count || sent < 0 && (errno == EPIPE || errno == ECONNRESET)
    }

    /// - Returns: the number of bytes, 0 at the end of the stream; nil when nothing has arrived.
    private func readOnce(_ buffer: inout [UInt8]) -> Int? {
        buffer.withUnsafeMutableBytes { bytes in
            do throws(SystemError) {
                return try FileIO.readOnce(descriptor.raw, into: bytes)
            } catch {
                return error.number == EAGAIN ? nil : 0
            }
        }
    }
}

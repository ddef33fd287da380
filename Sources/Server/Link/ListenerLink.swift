private import Platform
private import SFTP
private import Synchronization

/// A session's end of the socket to the listener: events go there, and questions, each of which gets an answer.
///
/// It uses the descriptor with `read` and `write` alone, so that a confined process can go on using it.
package final class ListenerLink: Sendable {
    private let descriptor: Int32
    /// The part of the next answer that has arrived.
    ///
    /// Held while something is sent and, for a question, until its answer is there: events do not mix, and one question
    /// is open at a time.
    private let input = Mutex(PacketBuffer())

    /// Uses a connected socket of the type `SOCK_STREAM`.
    ///
    /// - Parameter descriptor: the socket; it stays its owner's to close.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes an event.
    ///
    /// An error is ignored: then the listener has ended, and the kernel tells this process so (`PR_SET_PDEATHSIG`).
    func send(_ event: Event) {
        input.withLock { _ in _ = write(event) }
    }

    /// Asks the listener, and waits for the answer.
    ///
    /// - Returns: nil when the listener has ended.
    package func ask(_ question: Question) -> Answer? {
        input.withLock { input in
            guard write(.asked(question)) else { return nil }
            var buffer = [UInt8](repeating: 0, count: 4096)
            do {
                while true {
                    if let packet = try input.next() { return try Answer(packet) }
                    let count = try buffer.withUnsafeMutableBytes { bytes throws(SystemError) in
                        try FileIO.readOnce(descriptor, into: bytes)
                    }
                    guard count > 0 else { return nil }
                    buffer.withUnsafeBytes { input.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                }
            } catch {
                return nil
            }
        }
    }

    private func write(_ event: Event) -> Bool {
        event.packet.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try FileIO.writeAll(bytes, to: descriptor)
                return true
            } catch {
                return false
            }
        }
    }
}

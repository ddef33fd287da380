private import CLinux
private import Glibc

/// One end of a pair of connected sockets that keep messages apart and can carry open files.
///
/// The C functions are `socketpair` (`SOCK_SEQPACKET`), `sendmsg` and `recvmsg` with `SCM_RIGHTS`.
package final class MessageSocket: Sendable {
    package let descriptor: OwnedDescriptor

    /// The most bytes of a message.
    package static let longest = 128 << 10
    /// The most open files of a message.
    package static let mostDescriptors = Int(linux_most_descriptors)

    /// Takes over one end.
    package init(_ descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Makes both ends.
    package static func pair() throws(SystemError) -> (MessageSocket, MessageSocket) {
        let (one, other) = try OwnedDescriptor.socketPair(keepsMessages: true)
        return (MessageSocket(one), MessageSocket(other))
    }

    /// Limits how long the rest of a message, or room for one, is waited for.
    ///
    /// The C function is `setsockopt` (`SO_RCVTIMEO`, `SO_SNDTIMEO`); the error is then `EAGAIN`.
    package func limitWaiting(_ option: Waiting, to seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(
            descriptor.raw, SOL_SOCKET, option == .receiving ? SO_RCVTIMEO : SO_SNDTIMEO, &time,
            socklen_t(MemoryLayout<timeval>.size))
    }

    package enum Waiting {
        case receiving
        case sending
    }

    /// Sends one message, of at least one byte, with copies of open files.
    package func send(
        _ bytes: UnsafeRawBufferPointer, descriptors: [OwnedDescriptor] = []
    ) throws(SystemError) {
        // Their numbers alone are used, and must stay their own until the message is sent.
        defer { withExtendedLifetime(descriptors) {} }
        let numbers = descriptors.map(\.raw)
        guard bytes.count <= MessageSocket.longest else { throw SystemError(EMSGSIZE) }
        guard
            linux_send_message(descriptor.raw, bytes.baseAddress, bytes.count, numbers, Int32(clamping: numbers.count))
                == 0
        else { throw .last }
    }

    /// Receives one message.
    ///
    /// - Parameter buffer: for its bytes; ``longest`` of them are always enough.
    /// - Returns: the number of bytes, 0 when the other end is closed; and the open files.
    /// - Throws: ``SystemError``: `EMSGSIZE` for a message that is longer than `buffer`.
    package func receive(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> (count: Int, descriptors: [OwnedDescriptor]) {
        var numbers = [Int32](repeating: -1, count: MessageSocket.mostDescriptors)
        var received: Int32 = 0
        let count = linux_receive_message(descriptor.raw, buffer.baseAddress, buffer.count, &numbers, &received)
        guard count >= 0 else { throw .last }
        return (count, numbers.prefix(Int(received)).map { OwnedDescriptor($0) })
    }
}

extension OwnedDescriptor {
    /// Makes a pair of connected local sockets.
    ///
    /// The C function is `socketpair`.
    ///
    /// - Parameter keepsMessages: whether messages stay apart; if not, bytes flow as in a pipe, both ways.
    package static func socketPair(keepsMessages: Bool) throws(SystemError) -> (OwnedDescriptor, OwnedDescriptor) {
        var ends: [Int32] = [-1, -1]
        guard linux_socket_pair(&ends, keepsMessages ? 1 : 0) == 0 else { throw .last }
        return (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
    }

    /// Makes a pipe, both ends closed in programs that are started.
    ///
    /// The C function is `pipe`.
    package static func pipe() throws(SystemError) -> (readable: OwnedDescriptor, writable: OwnedDescriptor) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw .last }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
    }
}

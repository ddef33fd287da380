private import Glibc
package import Platform
internal import SFTP
package import Secrets

/// One end of the socket between a monitor and its session, and of that between two monitors.
///
/// A secret travels in a message of its own, from locked memory to locked memory.
package final class MonitorChannel {
    /// What has arrived.
    package struct Message {
        package let packet: [UInt8]
        package let secret: SecretBytes?
        package let descriptors: [OwnedDescriptor]
    }

    /// The most bytes of a secret.
    private static let longestSecret = 64 << 10
    /// Seconds that the second half of a message, or room for an answer, is waited for.
    private static let waitLimit = 5

    private let socket: MessageSocket
    private var buffer = [UInt8](repeating: 0, count: MessageSocket.longest)

    /// The descriptor to wait on.
    package var descriptor: Int32 { socket.descriptor.raw }

    /// Takes over one end.
    package init(_ socket: MessageSocket) {
        self.socket = socket
    }

    /// No longer waits for the other end without limit, once it has begun to send, or has not taken what it was sent.
    ///
    /// For the end that does not trust the other.
    package func limitWaiting() {
        socket.limitWaiting(.receiving, to: MonitorChannel.waitLimit)
        socket.limitWaiting(.sending, to: MonitorChannel.waitLimit)
    }

    /// Sends a packet, with a secret and copies of open files.
    package func send(
        _ packet: [UInt8], secret: SecretBytes? = nil, descriptors: [OwnedDescriptor] = []
    ) throws(SystemError) {
        var message: [UInt8] = []
        message.append(uint32: UInt32(clamping: secret.map { $0.count + 1 } ?? 0))
        message += packet
        try message.withUnsafeBufferPointer { bytes throws(SystemError) in
            try socket.send(UnsafeRawBufferPointer(bytes), descriptors: descriptors)
        }
        if let secret, secret.count > 0 {
            try secret.withUnsafeBytes { bytes throws(SystemError) in try socket.send(bytes) }
        }
    }

    /// Waits for a packet.
    ///
    /// - Returns: nil when the other end has been closed.
    /// - Throws: `SystemError`: `EBADMSG` for what is no packet with its secret.
    package func receive() throws(SystemError) -> Message? {
        let (count, descriptors) = try buffer.withUnsafeMutableBufferPointer { bytes throws(SystemError) in
            try socket.receive(into: UnsafeMutableRawBufferPointer(bytes))
        }
        guard count > 0 else { return nil }
        guard count > 4 else { throw SystemError(EBADMSG) }
        let announced = buffer.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let packet = Array(buffer[4..<count])
        guard announced > 0 else { return Message(packet: packet, secret: nil, descriptors: descriptors) }
        let size = announced - 1
        guard size <= MonitorChannel.longestSecret else { throw SystemError(EBADMSG) }
        let secret = try SecretBytes(count: size) { bytes throws(SystemError) in
            guard size > 0 else { return }
            guard try socket.receive(into: bytes).count == size else { throw SystemError(EBADMSG) }
        }
        guard let secret else { throw SystemError(ENOMEM) }
        return Message(packet: packet, secret: secret, descriptors: descriptors)
    }
}

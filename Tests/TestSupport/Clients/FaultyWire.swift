private import Foundation
private import Synchronization

/// A wire to a server that passes everything on, and can flip a bit on the way.
///
/// It is for one connection.
package final class FaultyWire {
    package enum Direction: Sendable, CaseIterable {
        case toServer
        case toClient
    }

    /// Where the client is to connect to, on loopback.
    package let port: String
    private let relay: Relay

    /// - Parameter port: the server's, on loopback.
    package init(to port: String) throws {
        guard let number = UInt16(port) else { throw POSIXError(.EINVAL) }
        relay = try Relay(to: number)
        self.port = String(relay.port)
        let relay = relay
        Thread.detachNewThread { relay.run() }
    }

    deinit { relay.stop() }

    /// Flips bits of one byte, once.
    ///
    /// - Parameters:
    ///   - mask: the bits.
    ///   - count: how many bytes are to pass before it in that direction, from now on.
    package func flip(_ mask: UInt8, after count: Int, _ direction: Direction) {
        relay.fault.withLock { $0 = Relay.Fault(direction: direction, left: count, mask: mask) }
    }

    /// Whether the byte has come by.
    package var hasFlipped: Bool { relay.fault.withLock { $0?.left ?? 0 } < 0 }
}

/// What the threads share.
private final class Relay: Sendable {
    struct Fault {
        let direction: FaultyWire.Direction
        /// Bytes that still pass before it; less than nothing when it has happened.
        var left: Int
        let mask: UInt8
    }

    let port: UInt16
    let fault = Mutex<Fault?>(nil)
    private let target: UInt16
    private let listener: Int32
    /// The connection's two sockets.
    private let sockets = Mutex<[Int32]>([])

    init(to target: UInt16) throws {
        self.target = target
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = descriptor
        var address = Relay.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isBound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit {
        for descriptor in [listener] + sockets.withLock({ $0 }) { close(descriptor) }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// Ends the connection; the threads end with it.
    func stop() {
        for descriptor in [listener] + sockets.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// Takes one connection and passes on what it says, until one side has no more.
    func run() {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        sockets.withLock { $0 = [client, server] }
        var address = Relay.loopback(target)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return stop() }
        Thread.detachNewThread { self.pass(from: server, to: client, .toClient) }
        pass(from: client, to: server, .toServer)
    }

    private func pass(from source: Int32, to target: Int32, _ direction: FaultyWire.Direction) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
            damage(&buffer, count, direction)
            var sent = 0
            while sent < count {
                let more = buffer.withUnsafeBytes {
                    send(target, $0.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { return stop() }
                sent += more
            }
        }
        shutdown(target, Int32(SHUT_WR))
    }

    private func damage(_ buffer: inout [UInt8], _ count: Int, _ direction: FaultyWire.Direction) {
        fault.withLock { fault in
            guard let now = fault, now.direction == direction, now.left >= 0 else { return }
            if now.left < count { buffer[now.left] ^= now.mask }
            fault?.left = now.left < count ? -1 : now.left - count
        }
    }
}

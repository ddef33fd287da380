private import Foundation

/// A TCP connection to a server, and bytes through it, from any loopback address.
package final class RawConnection {
    private let descriptor: Int32

    /// Connects.
    ///
    /// - Parameter source: the address to come from, such as `127.0.0.2`.
    package init(to server: RunningServer, from source: String = "127.0.0.1") throws {
        signal(SIGPIPE, SIG_IGN)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var time = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        var here = RawConnection.address(source, 0)
        var there = RawConnection.address("127.0.0.1", UInt16(server.port) ?? 0)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &here) { here in
            here.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        let result = withUnsafePointer(to: &there) { there in
            there.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        guard isConnected, result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit {
        close(descriptor)
    }

    /// Sends what the server takes; that it has gone meanwhile is not an error.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Says that nothing more is sent.
    package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads to the end of the connection, or until nothing has come for half a minute.
    package func readToEnd() -> [UInt8] {
        var bytes: [UInt8] = []
        while case let more = read(65536), !more.isEmpty { bytes += more }
        return bytes
    }

    /// Reads what there is, at most `count` bytes; none at the end.
    package func read(_ count: Int) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &buffer, count, 0)
        return Array(buffer.prefix(max(0, got)))
    }

    /// Whether the server has ended it.
    package var isOver: Bool {
        var byte: UInt8 = 0
        let got = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return got == 0 || got < 0 && errno != EAGAIN
    }

    private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }
}

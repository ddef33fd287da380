private import CLinux
private import Foundation

/// A listening TCP socket.
///
/// libssh's own would listen with a short queue and leaks memory on errors.
package final class ListeningSocket {
    package let descriptor: Int32
    /// The bound `address:port`, with the port that the system chose for 0.
    package let address: String

    /// Binds to `address` and `port`.
    ///
    /// - Parameters:
    ///   - host: a numeric address or a name, such as `127.0.0.1`, `::1` or `localhost`.
    ///   - port: 0 lets the system choose.
    package init(host: String, port: UInt16) throws(SSHError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw SSHError("\(host) is not an address")
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SSHError("no socket: \(String(cString: strerror(errno)))") }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0, listen(descriptor, 128) == 0
        else {
            let reason = errno == EADDRINUSE ? "the port is in use" : String(cString: strerror(errno))
            close(descriptor)
            throw SSHError("cannot listen on \(host):\(port): \(reason)")
        }
        self.descriptor = descriptor
        var bound = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        }
        let (name, service) = ListeningSocket.name(&bound, length)
        address = name.contains(":") ? "[\(name)]:\(service)" : "\(name):\(service)"
    }

    deinit {
        close(descriptor)
    }

    /// Accepts one connection.
    ///
    /// - Returns: its descriptor, which the caller has to close, and the peer's address; nil when there is none.
    package func accept() -> (descriptor: Int32, peer: String)? {
        var storage = sockaddr_storage()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        let connection = linux_accept_cloexec(descriptor, &storage, &length)
        guard connection >= 0 else { return nil }
        return (connection, ListeningSocket.name(&storage, length).host)
    }

    private static func name(_ storage: inout sockaddr_storage, _ length: socklen_t) -> (host: String, service: String)
    {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getnameinfo(
                    $0, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        func text(_ characters: [CChar]) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return (text(host), text(service))
    }
}

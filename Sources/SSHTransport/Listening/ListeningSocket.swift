private import CLinux
private import Foundation
private import Platform

/// A listening TCP socket.
///
/// libssh's own would listen with a short queue and leaks memory on errors.
package final class ListeningSocket {
    private let socket: OwnedDescriptor
    private let bound: SocketAddress
    /// Whether the kernel says whose processes the sockets of this machine belong to.
    let knowsOwners: Bool

    package var descriptor: Int32 { socket.raw }
    /// The bound `address:port`, with the port that the system chose for 0.
    package var address: String { bound.text }
    package var port: UInt16 { bound.port }
    /// The address of a client on this machine: a loopback address, where the socket has all addresses.
    var clientHost: String {
        bound.isAny ? (bound.family == AF_INET6 ? "::1" : "127.0.0.1") : bound.host
    }

    /// Why there is no socket at an address.
    enum Failure: Error {
        /// The machine does not have the address, or nothing of its family.
        case noSuchAddress(SSHError)
        case inUse(SSHError)
        case other(SSHError)

        var error: SSHError {
            switch self {
            case .noSuchAddress(let error), .inUse(let error), .other(let error): error
            }
        }
    }

    /// Connections that the kernel keeps while the server is busy.
    private static let backlog: Int32 = 128

    /// Binds to an address and listens.
    ///
    /// An IPv6 socket takes no IPv4 connections: for those there is a socket of their own.
    init(_ address: SocketAddress) throws(Failure) {
        let descriptor = Foundation.socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw ListeningSocket.failure(at: address) }
        socket = OwnedDescriptor(descriptor)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        if address.family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4) }
        guard address.bind(descriptor) == 0, listen(descriptor, ListeningSocket.backlog) == 0,
            let bound = SocketAddress(of: descriptor)
        else { throw ListeningSocket.failure(at: address) }
        self.bound = bound
        // What it says of this socket tells whether it says anything: its module may be missing.
        knowsOwners = if case .user = bound.ownerOfListener { true } else { false }
    }

    /// The failure of the last system call.
    private static func failure(at address: SocketAddress) -> Failure {
        let number = errno
        let start = "cannot listen on \(address.text): "
        switch number {
        case EADDRINUSE: return .inUse(SSHError(start + "the port is in use" + user(at: address)))
        case EAFNOSUPPORT, EADDRNOTAVAIL: return .noSuchAddress(SSHError(start + "\(SystemError(number))"))
        default: return .other(SSHError(start + "\(SystemError(number))"))
        }
    }

    /// Whose program has an address, for people.
    private static func user(at address: SocketAddress) -> String {
        guard case .user(let number) = address.ownerOfListener else { return "" }
        guard let entry = getpwuid(number) else { return ", by a program of uid \(number)" }
        return ", by a program of \(String(cString: entry.pointee.pw_name)) (uid \(number))"
    }

    /// Accepts one connection.
    ///
    /// - Returns: nil when there is none. One that its client has closed already is dropped here.
    package func accept() -> IncomingConnection? {
        while true {
            var accepted: Int32 = -1
            let remote = SocketAddress { storage, length in
                accepted = linux_accept_cloexec(socket.raw, &storage, &length)
                return accepted
            }
            guard accepted >= 0 else { return nil }
            let connection = OwnedDescriptor(accepted)
            guard let remote, let local = SocketAddress(of: connection.raw), let peer = peer(at: remote, local) else {
                continue
            }
            return IncomingConnection(socket: connection, address: remote.host, peer: peer)
        }
    }

    /// - Returns: nil for a client on this machine that has closed the connection: nobody can be asked whose it was.
    private func peer(at remote: SocketAddress, _ local: SocketAddress) -> Peer? {
        // Whatever the address: where the kernel has the other end, a process of this machine has it.
        switch knowsOwners ? remote.owner(connectedTo: local) : .unknown {
        case .user(let number): return .user(number)
        case .nobody where remote.isLoopback: return nil
        case .unknown where remote.isLoopback: return .unknownUser
        default: return .network(remote.family == AF_INET6 ? Array(remote.bytes.prefix(8)) : remote.bytes)
        }
    }
}

private import CLinux
internal import Foundation

/// The address and port of one end of a TCP connection.
struct SocketAddress {
    fileprivate(set) var storage = sockaddr_storage()
    fileprivate(set) var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// Resolves an address or a name.
    ///
    /// The C function is `getaddrinfo`.
    ///
    /// - Returns: nil for what is neither.
    init?(host: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else { return nil }
        defer { freeaddrinfo(list) }
        guard let address = first.pointee.ai_addr, first.pointee.ai_addrlen <= length else { return nil }
        length = first.pointee.ai_addrlen
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(first.pointee.ai_addrlen)))
        }
    }

    /// Takes what a system call, such as `getsockname` or `accept4`, says.
    init?(_ read: (inout sockaddr_storage, inout socklen_t) -> Int32) {
        guard read(&storage, &length) >= 0 else { return nil }
    }

    /// The bound address of a socket.
    ///
    /// The C function is `getsockname`.
    init?(of socket: Int32) {
        self.init { storage, length in
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
            }
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// The bytes of the address, without the port.
    var bytes: [UInt8] {
        withUnsafeBytes(of: storage) { Array(family == AF_INET6 ? $0[8..<24] : $0[4..<8]) }
    }

    /// Whether the address is one of this machine alone: 127.0.0.0/8 or ::1 (RFC 1122, section 3.2.1.3; RFC 4291).
    var isLoopback: Bool {
        family == AF_INET ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Whether it stands for all addresses of the machine: 0.0.0.0 or ::.
    var isAny: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The address in numbers.
    ///
    /// The C function is `getnameinfo`.
    var host: String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getnameinfo($0, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
            }
        }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `address:port`; an IPv6 address is in brackets.
    var text: String { family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Binds a socket to the address.
    ///
    /// The C function is `bind`.
    func bind(_ socket: Int32) -> Int32 {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.bind(socket, $0, length) }
        }
    }

    /// What the kernel knows of the user whose process has a socket.
    enum Owner: Equatable {
        case user(UInt32)
        /// There is no such socket on this machine, or its process has closed it.
        case nobody
        case unknown
    }

    /// The owner of the socket at this address that is connected to `other`.
    func owner(connectedTo other: SocketAddress) -> Owner { ask(other, listens: false) }

    /// The owner of the socket that listens at this address.
    var ownerOfListener: Owner {
        var anything = self
        withUnsafeMutableBytes(of: &anything.storage) { bytes in
            // Port and address; in IPv6 the flow label between them is 0 already.
            for index in 2..<min(24, bytes.count) { bytes[index] = 0 }
        }
        return ask(anything, listens: true)
    }

    private func ask(_ other: SocketAddress, listens: Bool) -> Owner {
        var user: UInt32 = 0
        var isListener: Int32 = 0
        var (here, there) = (storage, other.storage)
        switch linux_tcp_owner(&here, &there, &user, &isListener) {
        // Where a connection is gone, the kernel finds a listener at its address instead.
        case 1: return (isListener != 0) == listens ? .user(user) : .nobody
        case 0: return .nobody
        default: return .unknown
        }
    }
}

/// Whom a connection is counted for, where limits and penalties count connections.
package enum Peer: Hashable, Sendable {
    /// A user of this machine, by number: a process of this user has the other end.
    ///
    /// All users of a machine share its loopback addresses, and each may use 16 million of them.
    case user(UInt32)
    /// Somebody on this machine, where the kernel does not say who.
    case unknownUser
    /// A machine of the network: its IPv4 address, or the first 64 bits of its IPv6 address, which is what one machine
    /// may choose addresses from (RFC 4291, section 2.5.1).
    case network([UInt8])

    /// Whether limits for one address apply.
    package var isNetwork: Bool { if case .network = self { true } else { false } }
}

extension Peer: CustomStringConvertible {
    /// What the log says of it.
    package var description: String {
        switch self {
        case .user(let number): "uid \(number)"
        case .unknownUser: "a user of this machine"
        case .network(let bytes) where bytes.count == 4: bytes.map(String.init).joined(separator: ".")
        case .network(let bytes): bytes.map { String($0, radix: 16) }.joined(separator: ".") + "/64"
        }
    }
}

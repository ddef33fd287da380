private import Foundation

/// The sockets of a server.
///
/// A server on loopback has both loopback addresses: the name `localhost` means either. A client that were connected to
/// the other one would give its password to whoever listens there.
package struct ListeningSockets {
    package let all: [ListeningSocket]
    /// What this machine does not have, for people.
    package let remarks: [String]

    /// The address that a client on this machine connects to.
    package var clientHost: String { all.first?.clientHost ?? "127.0.0.1" }

    /// How often another port is tried when the system has chosen one that is taken at the other address.
    private static let tries = 32

    /// Binds to an address, and to the other one of a pair: 127.0.0.1 and ::1, or 0.0.0.0 and ::.
    ///
    /// - Parameters:
    ///   - host: a numeric address or a name, such as `127.0.0.1`, `::1` or `localhost`.
    ///   - port: 0 lets the system choose, the same for both.
    /// - Throws: when one of them is taken, whoever has it. Then none is bound.
    package init(host: String, port: UInt16) throws(SSHError) {
        guard let address = SocketAddress(host: host, port: port) else { throw SSHError("\(host) is not an address") }
        do throws(ListeningSocket.Failure) {
            (all, remarks) = try ListeningSockets.bindSomewhere(ListeningSockets.pair(of: address.host), port)
        } catch {
            throw error.error
        }
    }

    /// The addresses that belong together with one.
    private static func pair(of host: String) -> [String] {
        switch host {
        case "127.0.0.1", "::1": ["127.0.0.1", "::1"]
        // Whoever asks for all IPv4 addresses has clients on this machine that say localhost, too.
        case "0.0.0.0": ["0.0.0.0", "::1"]
        case "::": ["0.0.0.0", "::"]
        default: [host]
        }
    }

    private static func bindSomewhere(
        _ hosts: [String], _ port: UInt16
    ) throws(ListeningSocket.Failure) -> ([ListeningSocket], remarks: [String]) {
        for _ in 1..<tries {
            do throws(ListeningSocket.Failure) {
                return try bind(hosts, port)
            } catch {
                guard case .inUse = error, port == 0 else { throw error }
            }
        }
        return try bind(hosts, port)
    }

    private static func bind(
        _ hosts: [String], _ port: UInt16
    ) throws(ListeningSocket.Failure) -> ([ListeningSocket], remarks: [String]) {
        var sockets: [ListeningSocket] = []
        var missing: ListeningSocket.Failure?
        for host in hosts {
            do throws(ListeningSocket.Failure) {
                guard let address = SocketAddress(host: host, port: sockets.first?.port ?? port) else {
                    throw .noSuchAddress(SSHError("\(host) is not an address here"))
                }
                sockets.append(try ListeningSocket(address))
            } catch {
                // A machine without IPv6 has nobody who could listen there.
                guard case .noSuchAddress = error, hosts.count > 1 else { throw error }
                missing = error
            }
        }
        if let missing, sockets.isEmpty { throw missing }
        var remarks = missing.map { ["not everywhere: \($0.error)"] } ?? []
        if !sockets.allSatisfy(\.knowsOwners) {
            remarks.append("the kernel does not say whose programs connect: all users of this machine count as one")
        }
        return (sockets, remarks)
    }
}

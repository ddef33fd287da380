private import CLinux
internal import Foundation
private import Platform
internal import SSHTransport

/// Connections that were accepted and have no session process yet: each costs a descriptor and nothing else.
struct Lobby {
    private struct Guest {
        let connection: IncomingConnection
        let arrived = ContinuousClock.now
        var hasSpoken = false
    }

    /// The most that wait; more are in the kernel's queue, where nobody can be preferred.
    static let capacity = 128

    private var guests: [Guest] = []

    var isEmpty: Bool { guests.isEmpty }

    /// What the guests look like to ``LoginTurns``, in the order of ``remove(_:)``.
    var candidates: [LoginTurns.Candidate] {
        guests.map { .init(peer: $0.connection.peer, hasSpoken: $0.hasSpoken, arrived: $0.arrived) }
    }

    func count(of peer: Peer) -> Int { guests.count { $0.connection.peer == peer } }

    /// Takes a connection in.
    ///
    /// - Returns: the connection that has to go for it when there are too many: the oldest of the peer that has most.
    mutating func add(_ connection: IncomingConnection) -> IncomingConnection? {
        guests.append(Guest(connection: connection))
        guard guests.count > Lobby.capacity else { return nil }
        let peers = Dictionary(grouping: guests.indices) { guests[$0].connection.peer }
        // Indices are in the order of arrival.
        return peers.values.max { $0.count < $1.count }?.first.map { remove($0) }
    }

    mutating func remove(_ index: Int) -> IncomingConnection { guests.remove(at: index).connection }

    mutating func removeAll() { guests = [] }

    /// Removes the connections that have waited longer than this.
    mutating func removeAll(olderThan limit: Duration) -> [IncomingConnection] {
        let old = guests.filter { ContinuousClock.now - $0.arrived > limit }
        guests.removeAll { ContinuousClock.now - $0.arrived > limit }
        return old.map(\.connection)
    }

    /// What `poll` has to wait for, in the order of ``take(_:)``.
    var descriptors: [pollfd] {
        guests.map { guest in
            // One that has spoken would be readable all the time: then its end alone is of interest.
            pollfd(fd: guest.connection.socket.raw, events: guest.hasSpoken ? 0 : Int16(POLLIN), revents: 0)
        }
    }

    /// Takes what `poll` has found: who has spoken, and who has gone.
    mutating func take(_ descriptors: some Sequence<pollfd>) {
        var gone: Set<Int32> = []
        for (index, found) in zip(guests.indices, descriptors) where found.revents != 0 {
            var byte: UInt8 = 0
            let isOver = found.revents & Int16(POLLHUP | POLLERR) != 0
            if !isOver, recv(found.fd, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0 {
                guests[index].hasSpoken = true
            } else {
                gone.insert(found.fd)
            }
        }
        guests.removeAll { gone.contains($0.connection.socket.raw) }
    }
}

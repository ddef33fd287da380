package import Foundation
internal import Platform
package import SFTP
package import SSHTransport
package import Vault

/// The visits to write-only accounts.
///
/// A visit is all that one helper does at a time: the connections from one peer that log in to one account by one
/// password, until 15 minutes after the last of them has ended. It has a directory of its own in the account's home.
package final class Visits {
    package struct Visit {
        /// Differs from that of each other visit.
        package let number: UInt64
        package let account: String
        /// Its directory's name in the home.
        package let name: [UInt8]
        package let identity: FileIdentity
    }

    fileprivate struct Login: Hashable {
        let account: String
        let password: [UInt8]
        let peer: Peer
    }

    fileprivate struct Entry {
        let visit: Visit
        let login: Login
        let home: Directory
        /// Held open, so that no other directory gets its inode number.
        let directory: Directory
        var connections: Set<pid_t>
        /// When the last connection has ended.
        var ended: ContinuousClock.Instant?
    }

    /// How long a visit lasts after its last connection has ended.
    package static let pause = Duration.seconds(900)

    /// The visits without a connection that are held at a time, because each holds two descriptors.
    ///
    /// When there are more, the one whose last connection ended first is over: somebody with many passwords cannot use
    /// up the listener's descriptors.
    private static let mostPaused = 64

    private var entries: [Entry] = []
    private var last: UInt64 = 0

    package init() {}

    /// Begins a visit, or continues one.
    ///
    /// - Parameters:
    ///   - home: the account's home directory.
    ///   - password: a keyed hash of the password that was given.
    ///   - connection: the session process.
    package func begin(
        account: String, password: [UInt8], peer: Peer, in home: Directory, connection: pid_t
    ) throws(FileSystemError) -> Visit {
        let login = Login(account: account, password: password, peer: peer)
        for index in entries.indices.reversed() where entries[index].login == login && entries[index].isInPlace {
            entries[index].connections.insert(connection)
            entries[index].ended = nil
            return entries[index].visit
        }
        endOldestPause()
        let (name, directory) = try Visits.makeDirectory(in: home)
        last += 1
        let visit = Visit(number: last, account: account, name: name, identity: try directory.identity())
        entries.append(
            Entry(visit: visit, login: login, home: home, directory: directory, connections: [connection]))
        return visit
    }

    /// Has the next ``expire(now:)`` end the visit that has been without a connection for longest, if there are too many.
    private func endOldestPause(now: ContinuousClock.Instant = .now) {
        let paused = entries.indices.filter { entries[$0].ended.map { now - $0 < Visits.pause } ?? false }
        guard paused.count >= Visits.mostPaused,
            let oldest = paused.min(by: { entries[$0].ended ?? now < entries[$1].ended ?? now })
        else { return }
        entries[oldest].ended = now - Visits.pause
    }

    /// Follows the end of a session process.
    ///
    /// - Returns: the visits that end with it: an empty one is over at once, since there is nothing to come back to.
    package func ended(connection: pid_t, now: ContinuousClock.Instant = .now) -> [Visit] {
        for index in entries.indices where entries[index].connections.remove(connection) != nil {
            if entries[index].connections.isEmpty { entries[index].ended = now }
        }
        return end { $0.ended != nil && $0.removeIfEmpty() }
    }

    /// Ends the visits whose last connection has ended long ago.
    ///
    /// - Returns: those that have ended.
    package func expire(now: ContinuousClock.Instant = .now) -> [Visit] {
        end { entry in
            guard let ended = entry.ended, now - ended >= Visits.pause else { return false }
            _ = entry.removeIfEmpty()
            return true
        }
    }

    private func end(where isOver: (Entry) -> Bool) -> [Visit] {
        var over: [Visit] = []
        entries.removeAll { entry in
            guard isOver(entry) else { return false }
            over.append(entry.visit)
            return true
        }
        return over
    }

    /// Removes the empty directories that visits to a home have left, when a server was killed.
    package static func sweep(_ home: Directory) {
        for name in (try? home.names()) ?? [] where isName(name) { try? home.removeDirectory(name) }
    }

    /// Whether a name is that of a visit's directory: `2026-11-26 10.12 kx7q`.
    static func isName(_ name: [UInt8]) -> Bool {
        String(decoding: name, as: UTF8.self).wholeMatch(of: /\d{4}-\d\d-\d\d \d\d\.\d\d [a-z2-7]{4}/) != nil
    }

    /// Makes a directory with the local time and a random suffix, in characters that every file system has.
    private static func makeDirectory(
        in home: Directory
    ) throws(FileSystemError) -> (name: [UInt8], directory: Directory) {
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        for _ in 0..<100 {
            let suffix = (0..<4).map { _ in letters[Int.random(in: letters.indices)] }
            let name = Array(DatedName.text(of: time(nil)).utf8) + [UInt8(ascii: " ")] + suffix
            guard try home.identity(of: name) == nil else { continue }
            try home.makeDirectory(name, mode: 0o700)
            try home.synchronize()
            return (name, try home.directory(VirtualPath.root.appending(name)))
        }
        throw .failure("no directory could be made for the visit")
    }
}

extension Visits.Entry {
    /// Whether the directory still has its name: the owner may have renamed or removed it.
    var isInPlace: Bool { (try? home.identity(of: visit.name)) == visit.identity }

    /// Removes the directory if nothing is in it.
    ///
    /// - Returns: whether there is no directory any more.
    func removeIfEmpty() -> Bool {
        guard isInPlace else { return true }
        do throws(FileSystemError) {
            try home.removeDirectory(visit.name)
            return true
        } catch {
            return false
        }
    }
}

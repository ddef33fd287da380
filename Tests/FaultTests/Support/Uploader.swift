import Foundation
import SFTP
import TestSupport

/// One client of ``KillMatrix``: it uploads one file at a time, in pieces, so that something can be killed in between.
final class Uploader {
    /// Names that it uploads to, again and again; no other client does.
    private let names: [String]
    private(set) var wire: WireClient?
    /// The session process at the other end.
    private(set) var session: pid_t?
    private var attempt: Attempt?

    private struct Attempt {
        let name: String
        /// What the file is when it has been stored.
        let contents: Data
        let requests: [[UInt8]]
        var sent = 0

        var isClosing: Bool { sent == requests.count }
    }

    init(number: Int) { names = (0..<5).map { "client\(number)-\($0)" } }

    func connect(to server: RunningServer) throws {
        // One whose session was killed after its last reply finds out here.
        if let wire, (try? wire.ask(RequestWriter.onPaths(.realpath, "/"))) != nil { return }
        disconnect()
        let before = Set(server.sessions)
        let wire = try server.wire("alice")
        guard case .version? = try wire.initialize() else { throw Unexpected(description: "no login") }
        self.wire = wire
        session = server.sessions.first { !before.contains($0) }
    }

    func disconnect() {
        wire?.close()
        wire = nil
        session = nil
    }

    /// Opens a file for one of the ways in which clients store files, and makes the requests of the rest.
    ///
    /// - Parameter anew: whether nothing is to have the name.
    func begin(_ ledger: inout Ledger, _ numbers: inout SeededNumbers, anew: Bool) throws {
        guard let wire, let name = names.randomElement(using: &numbers) else { return }
        if anew || Int.random(in: 0..<4, using: &numbers) == 0, ledger.kept[name] != nil {
            guard try wire.ask(RequestWriter.onPaths(.remove, "/\(name)")) == .ok else {
                throw Unexpected(description: "\(name) cannot be removed")
            }
            ledger.removed(name)
        }
        let isLarge = Int.random(in: 0..<6, using: &numbers) == 0
        let fresh = Data.random(
            Int.random(in: isLarge ? 1_000_000...1_800_000 : 0...200_000, using: &numbers), seed: numbers.next())
        var flags: OpenFlags = [.write, .create, .truncate]
        var offset = 0
        var contents = fresh
        if let older = ledger.kept[name] {
            switch Int.random(in: 0..<3, using: &numbers) {
            case 0: break
            case 1:
                // As scp does: what the older version is longer stays.
                flags = .write
                contents = fresh + older.dropFirst(fresh.count)
            default:
                flags = [.read, .write]
                offset = Int.random(in: 0...older.count, using: &numbers)
                contents = older.prefix(offset) + fresh + older.dropFirst(offset + fresh.count)
            }
        }
        guard let handle = try wire.open("/\(name)", flags) else {
            throw Unexpected(description: "\(name) cannot be opened")
        }
        let fsync = RequestWriter.extended("fsync@openssh.com") { handle.append(to: &$0) }
        attempt = Attempt(
            name: name, contents: contents,
            requests: WireClient.writes(handle, fresh, at: UInt64(offset))
                + [fsync, RequestWriter.onHandle(.close, handle)])
    }

    /// Sends some of the requests, and does not wait for replies.
    ///
    /// - Parameter mayClose: whether these may be all.
    func sendSome(_ numbers: inout SeededNumbers, mayClose: Bool) throws {
        guard let count = attempt?.requests.count else { return }
        let isAll = mayClose && Bool.random(using: &numbers)
        try send(upTo: isAll ? count : Int.random(in: 0..<count, using: &numbers))
    }

    private func send(upTo end: Int) throws {
        guard let wire, let attempt, attempt.sent < end else { return }
        self.attempt?.sent = end
        try wire.send(Array(attempt.requests[attempt.sent..<end].joined()))
    }

    /// Sends the rest, reads the replies and tells the ledger.
    ///
    /// - Parameter hadDied: whether the session is known to have been dead before it got the rest.
    /// - Returns: how it ended; nil when there was nothing to do.
    func finish(_ ledger: inout Ledger, hadDied: Bool) throws -> Ledger.Outcome? {
        defer { attempt = nil }
        guard let attempt, let wire else { return nil }
        var replies: [Reply] = []
        // The connection may be gone: then there is nobody to write to.
        if (try? send(upTo: attempt.requests.count)) != nil || attempt.isClosing {
            replies = try wire.replies(attempt.requests.count)
        }
        let outcome: Ledger.Outcome =
            switch replies.count == attempt.requests.count ? replies.last : nil {
            case .ok?: .acknowledged
            case .status?: .refused
            default: hadDied && !attempt.isClosing ? .refused : .unknown
            }
        ledger.settle(attempt.name, attempt.contents, outcome)
        if replies.count < attempt.requests.count { disconnect() }
        return outcome
    }

    /// Ends the connection under it, as a network that is gone does.
    func cutOff() { wire?.close() }
}

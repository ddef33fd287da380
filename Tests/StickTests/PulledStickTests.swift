import Foundation
import SFTP
import TestSupport
import Testing

/// The stick is pulled in the middle, put in again, and nothing is lost that was acknowledged.
@Suite(.serialized) struct PulledStickTests {
    enum Moment: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case upload
        case overwrite
        case change
        case download
        case listing
        case idle

        var testDescription: String { rawValue }
    }

    static let cases = Stick.pulled.flatMap { kind in Moment.allCases.map { (kind, $0) } }

    @Test(arguments: cases) func nothingAcknowledgedIsLost(kind: Stick.Kind, moment: Moment) throws {
        let stick = try Stick(kind)
        let older = Data.random(300_000, seed: 7)
        let server = try RunningServer([("alice", "rw")], data: stick.mount)
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.upload("/older", older) == .ok)
        for number in 0..<3 { try #require(try wire.upload("/f\(number)", Data("file \(number)".utf8)) == .ok) }
        try pull(stick, wire, moment)

        // Errors, and no hang: a reply comes, or the connection ends.
        for request in [
            RequestWriter.onPaths(.stat, "/f0"), RequestWriter.open("/new", [.write, .create, .truncate]),
            RequestWriter.onPaths(.opendir, "/"), RequestWriter.onPaths(.remove, "/older"),
        ] {
            guard case .status(let code, let sentence)? = try wire.ask(request) else {
                Issue.record("no status from a pulled stick")
                continue
            }
            #expect(code != 0 && !sentence.isEmpty)
        }
        wire.close()
        // The listener goes on, and says what is wrong with a new session.
        #expect(try server.sftp("alice", "ls").status != 0)
        #expect(server.process.isRunning)

        stick.clearAway()
        let check = try stick.check()
        #expect(check.isWell, "\(check.text)")
        try stick.attach()
        let again = try server.wire("alice")
        _ = try again.initialize()
        #expect(try again.names(in: "/") == ["older", "f0", "f1", "f2"])
        #expect(try again.download("/older") == older)
        for number in 0..<3 { #expect(try again.download("/f\(number)") == Data("file \(number)".utf8)) }
        #expect(try again.upload("/older", Data("newer".utf8)) == .ok)
        #expect(try again.upload("/new", Data("new".utf8)) == .ok)
        again.close()
        // What the pulled stick had of drafts goes at the next start.
        try server.restart()
        try server.waitUntilSwept([])
        #expect(try server.recover("alice/older.gpg").output == Data("newer".utf8))
        #expect(try server.recover("alice/new.gpg").output == Data("new".utf8))
    }

    /// Brings the session to that moment, pulls the stick, and goes on.
    private func pull(_ stick: Stick, _ wire: WireClient, _ moment: Moment) throws {
        let contents = Data.random(400_000, seed: 8)
        switch moment {
        case .upload, .overwrite, .change:
            let path = moment == .upload ? "/new" : "/older"
            let flags: OpenFlags = moment == .change ? [.read, .write] : [.write, .create, .truncate]
            let handle = try #require(try wire.open(path, flags))
            let writes = WireClient.writes(handle, contents)
            #expect(try wire.ask(all: Array(writes[..<6])).allSatisfy { $0 == .ok })
            stick.pull()
            #expect(try wire.ask(all: Array(writes[6...])).count == writes.count - 6)
            let closed = try wire.ask(RequestWriter.onHandle(.close, handle))
            guard case .status(let code, let sentence)? = closed else {
                Issue.record("no status for the CLOSE")
                return
            }
            #expect(code != 0 && !sentence.isEmpty)
        case .download:
            let handle = try #require(try wire.open("/older", .read))
            guard case .data? = try wire.ask(RequestWriter.read(handle, at: 0, 32768)) else {
                Issue.record("nothing was read")
                return
            }
            stick.pull()
            // What is under way in memory may still come; the end of the file must not.
            var offset: UInt64 = 32768
            var reply = try wire.ask(RequestWriter.read(handle, at: offset, 32768))
            while case .data(let bytes)? = reply {
                offset += UInt64(bytes.count)
                reply = try wire.ask(RequestWriter.read(handle, at: offset, 32768))
            }
            guard case .status(let code, _)? = reply else {
                Issue.record("no status for the READ")
                return
            }
            #expect(code > 1 || offset == 300_000)
        case .listing:
            guard case .handle(let handle)? = try wire.ask(RequestWriter.onPaths(.opendir, "/")) else {
                Issue.record("no listing")
                return
            }
            stick.pull()
            // The names may have been read ahead.
            for _ in 0..<3 { #expect(try wire.ask(RequestWriter.onHandle(.readdir, handle)) != nil) }
        case .idle: stick.pull()
        }
    }
}

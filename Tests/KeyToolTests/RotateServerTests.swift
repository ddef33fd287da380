import Foundation
import SFTP
import TestSupport
import Testing

/// `rotate` beside a running server.
@Suite(.serialized) struct RotateServerTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "wo")]) }

    private func arguments(_ options: [String] = []) throws -> [String] {
        let secret = try server.scratch.file("passphrase", Data("\(RunningServer.passphrase)\n".utf8))
        return ["rotate", "alice", "-c", server.configuration.path, "--passphrase-file", secret.path] + options
    }

    private func rotate(_ options: [String] = []) throws -> Command {
        try Command.run(RunningServer.program, arguments(options), environment: QuickGnuPG.environment)
    }

    private func put(_ name: String, _ contents: Data) throws {
        try server.scratch.file("local", contents)
        #expect(try server.sftp("alice", "put local \(name)").status == 0)
    }

    @Test func whoIsLoggedInKeepsItFromBeginning() throws {
        try put("file", Data("before".utf8))
        let before = try KeyVault.snapshot(server.scratch.url.appending(path: "Configs"))
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let refused = try rotate()
        #expect(refused.status == 16 && refused.errors.contains("logged in"), "\(refused.errors)")
        #expect(try KeyVault.snapshot(server.scratch.url.appending(path: "Configs")) == before)
        #expect(try wire.download("/file") == Data("before".utf8))
        wire.close()
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        #expect(try rotate().status == 0)
    }

    /// A visitor has no secret key: what it is sending goes on, and then its session ends.
    @Test func aVisitorKeepsNobodyFromBeginning() throws {
        let wire = try server.wire("alice", password: "a visitor's")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/long", [.write, .create, .truncate]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try rotate().status == 0)
        try waitUntil("the session is told") { server.log.contains("the user's key has changed") }
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        let visit = try server.visit("alice")
        #expect(try server.recover("\(visit)/long.gpg").output == Data([1, 2, 3]))
        // The next one encrypts to the new key, and another run finds the file of the old one.
        let next = try server.wire("alice", password: "a visitor's")
        _ = try next.initialize()
        #expect(try next.upload("/short", Data([4])) == .ok)
        let more = try rotate(["--keep-key"])
        #expect(more.status == 0 && more.text.hasPrefix("1 files re-encrypted"), "\(more.text)\(more.errors)")
        #expect(try server.recover("\(visit)/short.gpg").output == Data([4]))
    }

    @Test func logInsAfterwardsReadOldAndNew() throws {
        let contents = Data.random(300_000)
        try put("file", contents)
        let old = try Data(contentsOf: server.data.appending(path: "alice/file.gpg"))
        #expect(try rotate(["--new-key"]).status == 0)
        #expect(try Data(contentsOf: server.data.appending(path: "alice/file.gpg")) != old)
        // A file that was encrypted to the old key, and comes back from somewhere.
        try old.write(to: server.data.appending(path: "alice/old.gpg"))
        try put("new", contents)
        for name in ["file", "old", "new"] {
            try? FileManager.default.removeItem(at: server.scratch.url.appending(path: "copy"))
            #expect(try server.sftp("alice", "get \(name) copy").status == 0)
            #expect(try Data(contentsOf: server.scratch.url.appending(path: "copy")) == contents, "\(name)")
        }
        let more = try rotate(["--keep-key"])
        #expect(more.status == 0 && more.text.hasPrefix("1 files re-encrypted"), "\(more.text)\(more.errors)")
        #expect(try server.recover("alice/old.gpg").output == contents)
    }

    /// A rotation goes on while somebody has a file open to change it: that file is left alone, and what was changed
    /// stays.
    @Test func filesThatAreBeingChangedWait() throws {
        for name in ["edited", "other"] { try put(name, Data.random(40_000)) }
        // Begun, and killed before the first file has been replaced.
        let renames = "?rename,?renameat,?renameat2"
        let killed = try Command.run(
            "strace",
            [
                "-qq", "-o", "/dev/null", "-P", server.data.appending(path: "alice").path, "-e", "trace=\(renames)",
                "-e", "inject=\(renames):signal=SIGKILL:when=1", RunningServer.program,
            ] + arguments(), environment: QuickGnuPG.environment)
        #expect(killed.status == 137)
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/edited", [.read, .write]))
        let stored = try Data(contentsOf: server.data.appending(path: "alice/edited.gpg"))
        #expect(try rotate(["--dry-run", "--json"]).json().last?["files"] as? Int == 2)
        let run = try rotate()
        #expect(run.status == 16 && run.text.contains("busy: /edited: "), "\(run.text)\(run.errors)")
        #expect(try Data(contentsOf: server.data.appending(path: "alice/edited.gpg")) == stored)
        #expect(try wire.ask(RequestWriter.write(handle, at: 10, Array("changed".utf8))) == .ok)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        wire.close()
        let done = try rotate()
        #expect(done.status == 0, "\(done.errors)")
        let read = try server.recover("alice/edited.gpg")
        #expect(read.output.dropFirst(10).prefix(7) == Data("changed".utf8), "\(read.errors)")
    }
}

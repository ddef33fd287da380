import Foundation
import SFTP
import TestSupport
import Testing

/// Starting, stopping, reloading, and what is left after something was killed.
@Suite(.serialized) struct LifecycleTests {
    /// The private directories of a server's sessions, of which there is one at least.
    private func directories(of server: RunningServer) throws -> Set<String> {
        let directories = Set(server.runtimeDirectories.map(\.path))
        try #require(!directories.isEmpty)
        return directories
    }

    private func expectGone(_ directories: Set<String>) throws {
        try waitUntil("the private directories are gone") {
            directories.allSatisfy { !FileManager.default.fileExists(atPath: $0) }
        }
    }

    @Test func announcesItself() throws {
        let server = try RunningServer([("alice", "rw")])
        let output = server.output
        #expect(output.hasPrefix("Starting SFTP Service\n"))
        #expect(output.contains("127.0.0.1:\(server.port)"))
        #expect(output.contains(server.data.path))
        for kind in ["ed25519", "rsa"] {
            let path = server.scratch.path("Configs/hostkeys/\(kind)_key")
            let listed = try Command.run("ssh-keygen", ["-l", "-f", path]).text.split(separator: " ")
            #expect(output.contains(listed.prefix(2).joined(separator: " ")))
        }
    }

    @Test func aNewUserIsSeenAtOnce() throws {
        let server = try RunningServer([("alice", "rw")])
        #expect(try RunningServer.add("bob", "rw", to: server.scratch.url).status == 0)
        #expect(try server.sftp("bob", "ls").status == 0)
    }

    @Test func aBadConfigurationIsToldAndNotTaken() throws {
        let server = try RunningServer([("alice", "rw")])
        let good = try Data(contentsOf: server.configuration)
        for bad in ["listen = [\n", "data = \"gone\"\n", "[[user]]\nname = \"x\"\n"] {
            try Data(bad.utf8).write(to: server.configuration)
            server.process.signal(SIGHUP)
            try waitUntil("the complaint") { server.log.contains("server.conf has an error") }
            #expect(try server.sftp("alice", "ls").status == 0)
        }
        #expect(server.log.contains("server.conf:1:"))
        try good.write(to: server.configuration)
        server.process.signal(SIGHUP)
        try waitUntil("the configuration is read") { server.log.contains("configuration read") }
    }

    @Test func stopsWhenNothingRuns() throws {
        let server = try RunningServer([("alice", "rw")])
        _ = try server.wire("alice").initialize()
        let idle = try server.wire("alice")
        _ = try idle.initialize()
        server.process.signal(SIGTERM)
        #expect(server.process.wait(seconds: 60) == 0)
        #expect(server.output.contains("Stopped."))
    }

    @Test(arguments: [SIGINT, SIGTERM]) func letsTransfersFinish(signal: Int32) throws {
        let server = try RunningServer([("alice", "rw")])
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/file", [.write, .create]))
        server.process.signal(signal)
        try waitUntil("it says what it waits for") { server.log.contains("upload /file") }
        #expect(try server.sftp("alice", "ls").status != 0, "no new connections")
        #expect(try wire.ask(RequestWriter.open("/other", [.write, .create]))?.code == 4)
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(server.process.wait(seconds: 60) == 0)
        #expect(try server.recover("alice/file.gpg").output == Data([1, 2, 3]))
    }

    /// libssh looks at the descriptor of signals too while it waits for a client to take something.
    @Test func aClientThatTakesNothingForAWhileGetsAllOfItsFile() throws {
        let server = try RunningServer([("alice", "rw")])
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let contents = Data.random(8 << 20)
        #expect(try wire.upload("/file", contents) == .ok)
        let handle = try #require(try wire.open("/file", .read))
        let reads = (0..<256).map { RequestWriter.read(handle, at: UInt64($0) << 15, 32768) }
        // More than what lies between server and client.
        try wire.send(Array(reads.joined()))
        sleep(1)
        server.process.signal(SIGTERM)
        // Whoever does not sleep now has used up a second of the processor.
        sleep(4)
        var got = Data()
        for reply in try wire.replies(reads.count) { if case .data(let bytes) = reply { got += bytes } }
        // Not compared in the macro, which would look for all differences of two large files.
        let isSame = got == contents
        #expect(isSame, "\(got.count) bytes; \(server.log.suffix(500))")
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(server.process.wait(seconds: 60) == 0)
    }

    @Test func twiceIsNow() throws {
        let server = try RunningServer([("alice", "rw")])
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/file", [.write, .create]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        let directories = try directories(of: server)
        server.process.signal(SIGINT)
        try waitUntil("it says what it waits for") { server.log.contains("upload /file") }
        server.process.signal(SIGINT)
        #expect(server.process.wait(seconds: 60) == 0)
        #expect(directories.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.data.appending(path: "alice").path).isEmpty)
        try server.waitUntilSwept(directories)
    }

    @Test func aKilledSessionLeavesNothing() throws {
        let server = try RunningServer([("alice", "rw")])
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/file", [.write, .create]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [UInt8](repeating: 1, count: 100_000))) == .ok)
        let directories = try directories(of: server)
        let processes = ProcessTable.all()
        #expect(directories.allSatisfy { !RuntimeDirectories.agents(of: $0, in: processes).isEmpty })
        #expect(server.drafts.count == 1)
        for session in server.sessions { kill(session, SIGKILL) }
        try expectGone(directories)
        try server.waitUntilSwept(directories)
        #expect(try server.sftp("alice", "ls").status == 0, "the server goes on")
    }

    @Test func aKilledListenerTakesItsSessionsAlong() throws {
        let server = try RunningServer([("alice", "rw")])
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let directories = try directories(of: server)
        server.process.signal(SIGKILL)
        _ = server.process.wait()
        try expectGone(directories)
        try server.waitUntilSwept(directories)
    }

    @Test func everythingKilledAtOnceIsSweptAtTheNextStart() throws {
        let first = try RunningServer([("alice", "rw")])
        let wire = try first.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/file", [.write, .create]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1])) == .ok)
        let directories = try directories(of: first)
        let processes = [first.process.identifier] + first.monitors + first.sessions
        for process in processes { kill(process, SIGSTOP) }
        for process in processes { kill(process, SIGKILL) }
        _ = first.process.wait()
        #expect(directories.allSatisfy { FileManager.default.fileExists(atPath: $0) })
        let second = try ChildProcess(
            RunningServer.program, ["serve", "-c", first.configuration.path, "--listen", "127.0.0.1:0"])
        defer { second.signal(SIGTERM) }
        try expectGone(directories)
        try first.waitUntilSwept(directories)
    }

    /// Servers with different runtime directories of their users leave each other's private directories alone.
    @Test func eachRuntimeDirectoryIsSweptByItsOwnServer() throws {
        let scratch = try Scratch()
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(atPath: scratch.path(name), withIntermediateDirectories: false)
        }
        func left() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: scratch.path("a")) }
        let first = try RunningServer(
            [("alice", "rw")], environment: ["XDG_RUNTIME_DIR": scratch.path("a")])
        let wire = try first.wire("alice")
        _ = try wire.initialize()
        #expect(try left().count == 1, "the session's directory is in the first one")
        let processes = [first.process.identifier] + first.monitors + first.sessions
        for process in processes { kill(process, SIGSTOP) }
        for process in processes { kill(process, SIGKILL) }
        _ = first.process.wait()
        let other = try RunningServer(
            [("alice", "rw")], environment: ["XDG_RUNTIME_DIR": scratch.path("b")])
        #expect(try other.sftp("alice", "ls").status == 0)
        other.process.signal(SIGTERM)
        _ = other.process.wait()
        #expect(try left().count == 1)
        try first.restart()
        try waitUntil("the first one's server has swept it") { try left().isEmpty }
    }

    @Test func aLogThatIsGoneDoesNotEndTheServer() throws {
        let server = try RunningServer([("alice", "rw")])
        let full = try ChildProcess(
            "sh",
            [
                "-c", "exec \"$0\" serve -c \"$1\" --listen 127.0.0.1:0 2>/dev/full", RunningServer.program,
                server.configuration.path,
            ])
        usleep(500_000)
        full.signal(SIGHUP)
        usleep(500_000)
        #expect(full.isRunning)
        full.signal(SIGTERM)
        #expect(full.wait(seconds: 60) == 0)
    }

    @Test func logLinesAreJSONIfAskedFor() throws {
        let server = try RunningServer([("alice", "rw")], arguments: ["--log-format", "json"])
        try server.scratch.file("up", Data("x".utf8))
        #expect(try server.sftp("alice", "put up").status == 0)
        try waitUntil("the upload is logged") { server.log.contains("\"file_path\"") }
        for line in server.log.split(separator: "\n") {
            let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
            #expect(fields["time"] != nil && fields["level"] != nil && fields["message"] != nil)
        }
        #expect(!server.log.contains(RunningServer.passphrase))
    }

    @Test func tooManyConnectionsAreRefusedWithAReason() throws {
        let server = try RunningServer([("alice", "rw")], append: "\n[limits]\nsessions = 2\n")
        let wires = try (0..<2).map { _ in try server.wire("alice") }
        for wire in wires { _ = try wire.initialize() }
        #expect(try server.sftp("alice", "ls").status != 0)
        #expect(server.log.contains("connection refused"))
        wires[0].close()
        try waitUntil("there is room again") { server.sessions.count < 2 }
        #expect(try server.sftp("alice", "ls").status == 0)
    }

    @Test func whoDoesNotLogInIsDisconnected() throws {
        let server = try RunningServer([("alice", "rw")], append: "\n[limits]\nlogin_seconds = 2\n")
        let half = try ChildProcess("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(server.port); cat <&3"])
        try waitUntil("the connection is there") { !server.sessions.isEmpty }
        try waitUntil("the connection has ended") { server.sessions.isEmpty }
        #expect(half.wait(seconds: 60) == 0)
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// Plaintext, passphrases and keys stay where they belong.
@Suite(.serialized) struct LeakTests {
    private let server: RunningServer
    /// Stands in everything that is sent, again and again.
    private let marker = "marker-\(UUID().uuidString)"

    init() throws { server = try RunningServer([("alice", "rw"), ("drop", "wo")]) }

    private func marked(_ count: Int) -> [UInt8] {
        var bytes = Array(marker.utf8)
        while bytes.count < count { bytes += bytes }
        return Array(bytes.prefix(count))
    }

    /// Files anywhere that a session can write, with the marker in them.
    private func leaks() throws -> [String] {
        var places = [server.data.path, server.configuration.deletingLastPathComponent().path]
        var open: Set<String> = []
        for process in [server.process.identifier] + server.monitors + server.monitors.flatMap(ProcessTable.children) {
            let directory = "/proc/\(process)/fd"
            for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(name)"),
                    target.hasPrefix("/"), !target.hasPrefix("/dev/"), !target.hasPrefix("/proc/")
                else { continue }
                // A session's private directory is held open; whatever else is open is looked at, unlinked or not.
                if target.contains("/.cryptsftp-session-") {
                    places.append(target)
                } else {
                    open.insert("\(directory)/\(name)")
                }
            }
        }
        let files = try Command.run("grep", ["-rlaF", marker] + places).text.split(separator: "\n").map(String.init)
        let opened = try open.filter { try Command.run("grep", ["-qaF", marker, $0]).status == 0 }
        let logs = server.log + server.output
        return files + opened + (logs.contains(marker) ? ["the log"] : [])
    }

    @Test func noFileEverHoldsPlaintext() throws {
        // The search itself finds what is there.
        let planted = server.data.appending(path: "alice/planted")
        try Data(marker.utf8).write(to: planted)
        #expect(try leaks() == [planted.path])
        try FileManager.default.removeItem(at: planted)

        try server.scratch.file("big", Data(marked(64 << 20)))
        let transfer = try server.startSFTP("alice", "put big\nget big back\nput big\nreget big back")
        var looks = 0
        while transfer.isRunning {
            #expect(try leaks() == [])
            looks += 1
        }
        #expect(transfer.wait(seconds: 600) == 0 && looks > 0)

        // Changes all over a file: more than is kept in memory, so that sealed blocks lie on the disk meanwhile.
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/big", [.read, .write]))
        for number in 0..<200 as Range<UInt64> {
            let reply = try wire.ask(RequestWriter.write(handle, at: number * 300_000 + 7, marked(40_000)))
            #expect(reply == .ok)
        }
        let drafts = try FileManager.default.contentsOfDirectory(
            atPath: server.data.appending(path: ".cryptsftp-drafts").path)
        #expect(drafts.count == 2, "a draft and a file of sealed blocks")
        #expect(try leaks() == [])
        #expect(try wire.ask(RequestWriter.read(handle, at: 30_000_000, 100)) != nil)
        // Cut off in the middle: what is kept is encrypted.
        let other = try #require(try wire.open("/cut", [.read, .write, .create]))
        #expect(try wire.ask(RequestWriter.write(other, at: 0, marked(200_000))) == .ok)
        wire.close()
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        #expect(FileManager.default.fileExists(atPath: server.data.appending(path: "alice/cut.gpg.part").path))
        #expect(try leaks() == [])
        _ = try server.ssh("alice", ["sha256sum", "big"])
        _ = try server.sftp("drop", "put big", password: "x")
        #expect(try leaks() == [])
    }

    @Test func logsAndProcessesShowNoSecrets() throws {
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        _ = try server.sftp("alice", "pwd", password: "a wrong passphrase")
        let session = try #require(server.sessions.first)
        var looked = 0
        for process in [server.process.identifier] + server.monitors + server.monitors.flatMap(ProcessTable.children) {
            for file in ["cmdline", "environ"] {
                let text = try Data(contentsOf: URL(filePath: "/proc/\(process)/\(file)"))
                #expect(text.range(of: Data(RunningServer.passphrase.utf8)) == nil)
                looked += 1
            }
        }
        #expect(looked >= 6)
        for secret in [RunningServer.passphrase, "a wrong passphrase"] {
            #expect(!server.log.contains(secret) && !server.output.contains(secret))
        }
        // Neither core dumps nor other processes of the same user can get at a session's memory.
        let status = try String(contentsOfFile: "/proc/\(session)/status", encoding: .utf8)
        let limits = try String(contentsOfFile: "/proc/\(session)/limits", encoding: .utf8)
        #expect(limits.split(separator: "\n").first { $0.hasPrefix("Max core") }?.contains(" 0 ") == true)
        let locked = status.split(separator: "\n").first { $0.hasPrefix("VmLck:") }
        #expect(locked?.contains(" 0 kB") == false, "secrets are in locked memory")
        guard status.contains("Seccomp:") else { return print("skipped: this kernel has no seccomp") }
        #expect(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"))
        #expect(server.log.contains("confined by="))
    }

    /// The ancestor logged in everybody of a name as its owner once the owner had logged in.
    @Test func theOwnersLoginChangesNoOtherSession() throws {
        let visitor = try server.wire("drop", password: "visitor")
        _ = try visitor.initialize()
        let owner = try server.wire("drop")
        _ = try owner.initialize()
        let handle = try #require(try owner.open("/file", [.write, .create]))
        #expect(try owner.ask(RequestWriter.write(handle, at: 0, marked(100))) == .ok)
        #expect(try owner.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(try visitor.names(in: "/") == [])
        for name in ["/file", "/file.gpg", "/../file"] { #expect(try visitor.open(name, .read) == nil) }
        #expect(try visitor.upload("/mine", Data([1, 2, 3])) == .ok)
        let message = try #require(try visitor.download("/mine"))
        #expect(message == (try Data(contentsOf: server.data.appending(path: "\(server.visit())/mine.gpg"))))
    }
}

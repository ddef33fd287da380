import Foundation
import TestSupport
import Testing

/// `user passwd`: another passphrase, the same files, and always one that logs in.
@Suite(.serialized) struct PasswdTests {
    private static let old = KeyVault.passphrase
    private static let new = KeyVault.newPassphrase

    private func passwd(
        _ server: RunningServer, from old: String = PasswdTests.old, to new: String = PasswdTests.new,
        under: [String] = []
    ) throws -> Command {
        let files = try [("old", old), ("new", new)].map { try server.scratch.file($0, Data("\($1)\n".utf8)).path }
        let line =
            under + [
                RunningServer.program, "user", "passwd", "alice", "-c", server.configuration.path, "--passphrase-file",
                files[0], "--new-passphrase-file", files[1],
            ]
        return try Command.run(line[0], Array(line.dropFirst()), environment: QuickGnuPG.environment)
    }

    private func logsIn(_ server: RunningServer, _ password: String) throws -> Bool {
        try server.sftp("alice", "get kept.txt copy.txt", password: password).status == 0
    }

    private func server() throws -> RunningServer {
        let server = try RunningServer([("alice", "rw")])
        try server.scratch.file("kept.txt", Data("kept".utf8))
        #expect(try server.sftp("alice", "put kept.txt").status == 0)
        return server
    }

    @Test func theNewOneOpensKeyAndLogin() throws {
        let server = try server()
        let stored = try KeyVault.snapshot(server.data)
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        let run = try passwd(server)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.isEmpty)
        #expect(try logsIn(server, Self.new))
        #expect(try !logsIn(server, Self.old))
        // The files, and all of server.conf but the hash, are as they were.
        #expect(try KeyVault.snapshot(server.data) == stored)
        let after = try String(contentsOf: server.configuration, encoding: .utf8)
        let hash = /password = "[^"]*"/
        #expect(after != text && after.replacing(hash, with: "") == text.replacing(hash, with: ""))
        // Every secret key has it, not only the one that logins use.
        let keys = server.scratch.url.appending(path: "Configs/keys/alice")
        defer { _ = try? Command.run("gpgconf", ["--homedir", keys.path, "--kill", "all"]) }
        let signed = try Command.run(
            "gpg",
            [
                "--homedir", keys.path, "--batch", "--pinentry-mode", "loopback", "--passphrase", Self.new, "--armor",
                "--sign",
            ], input: Data("x".utf8))
        #expect(signed.status == 0, "\(signed.errors)")
    }

    @Test func theWrongOneChangesNothing() throws {
        let vault = try KeyVault()
        let before = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs"))
        let wrong = try vault.run(["user", "passwd", "alice"], passphrase: "not the passphrase", new: Self.new)
        #expect(wrong.status == 12 && wrong.errors.hasPrefix("cryptsftp: "), "\(wrong.errors)")
        let short = try vault.run(["user", "passwd", "alice"], passphrase: Self.old, new: "short")
        #expect(short.status == 12)
        #expect(try vault.run(["user", "passwd", "bob"], passphrase: Self.old, new: Self.new).status == 1)
        #expect(try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs")) == before)
    }

    @Test func bothComeFromStandardInput() throws {
        let vault = try KeyVault()
        let run = try Command.run(
            RunningServer.program,
            [
                "user", "passwd", "alice", "-c", vault.configuration.path, "--passphrase-file", "-",
                "--new-passphrase-file", "-",
            ], input: Data("\(Self.old)\n\(Self.new)\n".utf8), environment: QuickGnuPG.environment)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try vault.gpg(["--armor", "--sign"], passphrase: Self.new, input: Data("x".utf8)).status == 0)
    }

    /// Killed before each rename that the change consists of: one of the two logs in, and the same command completes
    /// it.
    @Test func killedAnywhereOneLogsIn() throws {
        var states: Set<String> = []
        for number in 1...6 {
            let server = try server()
            let directory = server.scratch.url.appending(path: "Configs")
            let keys = try FileManager.default.contentsOfDirectory(
                atPath: directory.appending(path: "keys/alice/private-keys-v1.d").path)
            // The new version of each file, before it takes the old one's name.
            let paths =
                [directory.appending(path: ".server.conf.new").path]
                + keys.map { directory.appending(path: "keys/alice/private-keys-v1.d/.\($0).new").path }
            let killed = try passwd(
                server,
                under: [
                    "strace", "-qq", "-o", "/dev/null", "-e", "trace=?rename,?renameat,?renameat2", "-e",
                    "inject=?rename,?renameat,?renameat2:signal=SIGKILL:when=\(number)",
                ] + paths.flatMap { ["-P", $0] })
            let logins = try [Self.old, Self.new].map { try logsIn(server, $0) }
            #expect(logins.contains(true), "killed before rename \(number)")
            states.insert("\(logins)")
            if killed.status == 0 {
                #expect(number > 4 && logins == [false, true])
                break
            }
            #expect(number <= 4, "\(killed.status) \(killed.errors)")
            let again = try passwd(server)
            #expect(again.status == 0, "\(again.errors)")
            #expect(try logsIn(server, Self.new))
            #expect(try !logsIn(server, Self.old))
            let text = try String(contentsOf: server.configuration, encoding: .utf8)
            #expect(text.split(separator: "\n").count { $0.hasPrefix("password = ") } == 1)
        }
        // Both sides of the change were seen.
        #expect(states == ["[true, false]", "[false, true]"])
    }

    @Test func interruptedItChangesNothing() throws {
        let vault = try KeyVault()
        let before = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs"))
        // Ctrl-C while gpg is at work: the signal is there before anything is brought back.
        let process = try ChildProcess(
            RunningServer.program,
            vault.arguments(["user", "passwd", "alice"], passphrase: Self.old, new: Self.new))
        try waitUntil("it holds its private directory", seconds: 60) {
            RuntimeDirectories.all().contains { $0.owner == process.identifier }
        }
        process.signal(SIGINT)
        #expect(process.wait(seconds: 60) == 130)
        #expect(try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs")) == before)
        #expect(!RuntimeDirectories.all().contains { $0.owner == process.identifier })
    }
}

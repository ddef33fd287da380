import Foundation
import TestSupport
import Testing

/// What commands that make one change print for programs, and that Ctrl-C comes before it or not at all.
@Suite(.serialized) struct OneLineTests {
    private let vault: KeyVault

    init() throws { vault = try KeyVault() }

    private func summary(
        _ arguments: [String], passphrase: String? = nil, new: String? = nil
    ) throws -> [String: Any] {
        let run = try vault.run(arguments + ["--json"], passphrase: passphrase, new: new)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.split(separator: "\n").count == 1, "\(run.text)")
        return try vault.summary(run)
    }

    @Test func usersAsJSON() throws {
        let added = try summary(["user", "add", "bob"], passphrase: KeyVault.passphrase)
        #expect(added["event"] as? String == "user_add" && added["user"] as? String == "bob")
        #expect(added["configuration"] as? String == vault.configuration.path)
        let key = try #require(added["key"] as? String)
        #expect(try vault.text().contains(key))
        for isChanged in [true, false] {
            let changed = try summary(["user", "set", "bob", "--access", "wo"])
            #expect(changed["event"] as? String == "user_set" && changed["user"] as? String == "bob")
            #expect(changed["changed"] as? Bool == isChanged)
        }
        let other = try summary(
            ["user", "passwd", "bob"], passphrase: KeyVault.passphrase, new: KeyVault.newPassphrase)
        #expect(other["event"] as? String == "user_passwd" && other["keys_left"] as? [String] == [])
        let removed = try summary(["user", "remove", "bob"])
        #expect(removed["event"] as? String == "user_remove")
        for kept in ["files_kept", "key_kept"] {
            #expect(FileManager.default.fileExists(atPath: try #require(removed[kept] as? String)), "\(kept)")
        }
    }

    @Test func anImportAsJSON() throws {
        let keys = vault.scratch.url.appending(path: "key")
        #expect(try vault.run(["key", "export", "alice", keys.path], passphrase: KeyVault.passphrase).status == 0)
        let file = keys.appending(path: "alice-public-key.asc").path
        let imported = try summary(["key", "import", "alice", file])
        #expect(imported["event"] as? String == "import" && imported["secret_here"] as? Bool == false)
        #expect(try vault.line("key")?.contains(try #require(imported["key"] as? String)) == true)
    }

    /// A wrong passphrase is told for programs as for people: on standard error, by the exit code.
    @Test func refusalsPrintNothing() throws {
        for arguments in [["user", "passwd", "alice"], ["key", "export", "alice"], ["rotate", "alice"]] {
            let run = try vault.run(
                arguments + ["--json"], passphrase: "not the passphrase",
                new: arguments[1] == "passwd" ? KeyVault.newPassphrase : nil)
            #expect(run.status == 12 && run.text.isEmpty && run.errors.hasPrefix("cryptsftp: "), "\(arguments)")
        }
    }

    @Test(arguments: [
        ["key", "export", "alice", "paper"], ["verify", "--unlock"], ["user", "passwd", "alice"],
        ["user", "add", "bob"],
        ["key", "import", "alice", "own/alice-secret-key.asc", "--key-passphrase-file", "passphrase"],
    ])
    func interruptedNothingIsChanged(arguments: [String]) throws {
        try vault.store("file.gpg", Data.random(1000))
        if arguments[1] == "import" {
            let own = vault.scratch.path("own")
            #expect(try vault.run(["key", "export", "alice", own], passphrase: KeyVault.passphrase).status == 0)
        }
        let before = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs"))
        let process = try ChildProcess(
            RunningServer.program,
            vault.arguments(
                arguments, passphrase: KeyVault.passphrase,
                new: arguments.contains("passwd") ? KeyVault.newPassphrase : nil), in: vault.scratch.url)
        try waitUntil("it holds its private directory") {
            RuntimeDirectories.all().contains { $0.owner == process.identifier } || !process.isRunning
        }
        process.signal(SIGINT)
        #expect(process.wait(seconds: 60) == 130)
        #expect(try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs")) == before)
        #expect(!FileManager.default.fileExists(atPath: vault.scratch.path("paper")))
        #expect(!RuntimeDirectories.all().contains { $0.owner == process.identifier })
    }
}

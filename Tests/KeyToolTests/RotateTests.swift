import Foundation
import SFTP
import TestSupport
import Testing

/// `rotate`: another key for all files, whatever happens meanwhile.
@Suite(.serialized) struct RotateTests {
    /// What is stored: small and large files, directories, odd names, permissions and sizes.
    private static let tree: [String: Data] = {
        var tree = [
            "empty.txt.gpg": Data(), "large.bin.gpg": Data.random(6_000_000), "a b/ö.txt.gpg": Data("x".utf8),
            "deep/er/file.gpg": Data.random(100_000, seed: 3), "cut off.gpg.part": Data.random(5000, seed: 4),
        ]
        for number in 0..<20 { tree["many/\(number).gpg"] = Data.random(number * 300, seed: UInt64(number + 9)) }
        return tree
    }()

    private func vault(_ tree: [String: Data] = RotateTests.tree) throws -> KeyVault {
        let vault = try KeyVault()
        try vault.store(tree)
        return vault
    }

    /// Checks every file with stock gpg, and that it is encrypted to `subkey` alone.
    private func check(_ vault: KeyVault, _ tree: [String: Data], _ subkey: String) throws {
        let opened = try vault.open(tree.keys)
        for (path, contents) in tree {
            #expect(opened[path]?.recipients == [String(subkey.suffix(16))], "\(path)")
            #expect(opened[path]?.contents == contents, "\(path)")
            let attributes = try FileManager.default.attributesOfItem(atPath: vault.data.appending(path: path).path)
            #expect(attributes[.posixPermissions] as? Int == KeyVault.mode(path), "\(path)")
            let date = try #require(attributes[.modificationDate] as? Date)
            #expect(abs(date.timeIntervalSince1970 - 1_600_000_000.25) < 0.01, "\(path)")
        }
        #expect(vault.drafts.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: vault.keys.appending(path: "rotation.json").path))
    }

    @Test func aNewSubkeyForAllFiles() throws {
        let vault = try vault()
        let (before, parts) = (try vault.text(), try vault.parts())
        let run = try vault.run(["rotate", "alice", "--json"], passphrase: KeyVault.passphrase)
        #expect(run.status == 0, "\(run.errors)")
        let document = try vault.summary(run)
        #expect(document["files"] as? Int == Self.tree.count)
        #expect(document["damaged"] as? Int == 0 && document["busy"] as? Int == 0)
        // The key is the same, with one subkey more; server.conf is untouched.
        #expect(try vault.text() == before)
        let after = try vault.parts()
        #expect(after.map(\.fingerprint).prefix(parts.count) == parts.map(\.fingerprint)[...])
        #expect(after.count == parts.count + 1)
        let subkey = try #require(after.last?.fingerprint)
        #expect(document["subkey"] as? String == subkey)
        try check(vault, Self.tree, subkey)
        // Once more: another subkey, and the files follow.
        #expect(try vault.run(["rotate", "alice"], passphrase: KeyVault.passphrase).status == 0)
        let newest = try #require(try vault.parts().last?.fingerprint)
        #expect(newest != subkey)
        try check(vault, Self.tree, newest)
    }

    @Test func aNewKeyForAllFiles() throws {
        let tree = Self.tree.filter { !$0.key.contains("many") }
        let vault = try vault(tree)
        // Another user's file in the same directory is none of this one's.
        #expect(try vault.gpg(["--quick-gen-key", "other", "future-default", "default", "never"]).status == 0)
        try vault.store("other.gpg", Data("not mine".utf8), to: "other")
        let other = try Data(contentsOf: vault.data.appending(path: "other.gpg"))
        let old = try #require(try vault.line("key"))
        #expect(
            try vault.gpg([
                "--delete-secret-and-public-key", vault.parts().last { $0.kind == "pub" }?.fingerprint ?? "",
            ]).status == 0)
        let run = try vault.run(["rotate", "alice", "--new-key"], passphrase: KeyVault.passphrase)
        #expect(run.status == 0, "\(run.errors)")
        let parts = try vault.parts()
        let new = try #require(parts.last { $0.kind == "pub" }?.fingerprint)
        #expect(parts.filter { $0.kind == "pub" }.count == 2)
        #expect(try vault.line("key") == "key = \"\(new)\"" && old != "key = \"\(new)\"")
        try check(vault, tree, parts.last?.fingerprint ?? "")
        #expect(try Data(contentsOf: vault.data.appending(path: "other.gpg")) == other)
        #expect(FileManager.default.fileExists(atPath: vault.keys.appending(path: "openpgp-revocs.d/\(new).rev").path))
        // The passphrase is that of both keys.
        let changed = try vault.run(
            ["user", "passwd", "alice"], passphrase: KeyVault.passphrase, new: KeyVault.newPassphrase)
        #expect(changed.status == 0 && changed.errors.isEmpty, "\(changed.errors)")
    }

    @Test func countingChangesNothing() throws {
        let tree = Self.tree.filter { !$0.key.contains("many") }
        let vault = try vault(tree)
        let before = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs"))
        let stored = try KeyVault.snapshot(vault.data)
        let counted = try vault.summary(vault.run(["rotate", "alice", "--dry-run", "--json"]))
        #expect(counted["files"] as? Int == tree.count && counted["dry_run"] as? Bool == true)
        #expect(counted["octets"] as? Int == stored.values.reduce(0) { $0 + $1.count })
        let kept = try vault.summary(vault.run(["rotate", "alice", "--dry-run", "--keep-key", "--json"]))
        #expect(kept["files"] as? Int == 0)
        #expect(try KeyVault.snapshot(vault.data) == stored)
        // The wrong passphrase changes as little.
        #expect(try vault.run(["rotate", "alice"], passphrase: "not the passphrase").status == 12)
        #expect(try vault.run(["rotate", "alice", "--new-key"], passphrase: "not the passphrase").status == 12)
        #expect(try vault.run(["rotate", "bob"], passphrase: KeyVault.passphrase).status == 1)
        #expect(try vault.run(["rotate", "alice", "--new-key", "--keep-key"]).status == 2)
        #expect(try KeyVault.snapshot(vault.data) == stored)
        #expect(try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs")) == before)
    }

    @Test func damagedFilesStayAndOthersGoOn() throws {
        let tree = ["good.gpg": Data("good".utf8), "deep/better.gpg": Data.random(50_000)]
        let vault = try vault(tree.merging(["bad.gpg": Data.random(90_000)]) { $1 })
        let bad = vault.data.appending(path: "bad.gpg")
        var bytes = try Data(contentsOf: bad)
        bytes[60_000] ^= 1
        try bytes.write(to: bad)
        try Data("no OpenPGP".utf8).write(to: vault.data.appending(path: "none.gpg"))
        let run = try vault.run(["rotate", "alice"], passphrase: KeyVault.passphrase)
        #expect(run.status == 26, "\(run.errors)")
        #expect(run.text.contains("damaged: /bad: ") && run.text.contains("damaged: /none: "), "\(run.text)")
        let again = try vault.run(["rotate", "alice", "--keep-key", "--json"], passphrase: KeyVault.passphrase).json()
        let damaged = again.filter { $0["result"] as? String == "damaged" }.compactMap { $0["path"] as? String }
        #expect(damaged.sorted() == ["/bad", "/none"] && again.last?["damaged"] as? Int == 2, "\(again)")
        #expect(try Data(contentsOf: bad) == bytes)
        try check(vault, tree, vault.parts().last?.fingerprint ?? "")
    }

    /// What a gpg makes that does not do as it says never takes the place of a good file.
    @Test(arguments: [BrokenGnuPG.Fault.alters, .shortens, .swallows])
    func whatDoesNotReadBackReplacesNothing(_ fault: BrokenGnuPG.Fault) throws {
        let tree = ["a.gpg": Data(repeating: UInt8(ascii: "a"), count: 3000), "deep/b.gpg": Data.random(50_000)]
        let vault = try vault(tree)
        let stored = try KeyVault.snapshot(vault.data)
        let gnupg = try BrokenGnuPG(isQuick: true)
        try gnupg.fail(.encrypt, fault)
        let broken = try vault.run(
            ["rotate", "alice"], passphrase: KeyVault.passphrase, environment: gnupg.environment)
        #expect(broken.status != 0, "\(broken.text)")
        #expect(try KeyVault.snapshot(vault.data) == stored)
        #expect(vault.drafts.isEmpty)
        let again = try vault.run(["rotate", "alice"], passphrase: KeyVault.passphrase)
        #expect(again.status == 0, "\(again.errors)")
        try check(vault, tree, vault.parts().last?.fingerprint ?? "")
    }

    /// Killed again and again at random moments; the last run, which is not, finds nothing lost.
    @Test(arguments: Effort.some(1, of: [[], ["--new-key"]], for: "what is killed at any moment"))
    func killedAtAnyMoment(_ options: [String]) throws {
        var numbers = SeededNumbers(for: "killedAtAnyMoment")
        let tree = Self.tree.filter { !$0.key.contains("many/1") }
        let vault = try vault(tree)
        let parts = try vault.parts().count
        // How long it takes differs from machine to machine: a run that is left alone tells.
        let clock = ContinuousClock()
        let rehearsal = try self.vault(tree)
        let began = clock.now
        #expect(try rehearsal.run(["rotate", "alice"] + options, passphrase: KeyVault.passphrase).status == 0)
        let whole = clock.now - began
        var kills = 0
        for _ in 0..<Effort.count(3, full: 10) {
            let process = try ChildProcess(
                RunningServer.program, vault.arguments(["rotate", "alice"] + options, passphrase: KeyVault.passphrase),
                environment: QuickGnuPG.environment)
            let moment = clock.now + whole * Double.random(in: 0..<0.9, using: &numbers)
            while process.isRunning, clock.now < moment { usleep(1000) }
            if process.isRunning { kills += 1 }
            process.signal(SIGKILL)
            _ = process.wait()
            // Whatever state it is in: every file is there, whole, and opens.
            let opened = try vault.open(tree.keys)
            for (path, contents) in tree {
                #expect(opened[path]?.contents == contents, "\(path) after \(kills) kills")
            }
        }
        let last = try vault.run(["rotate", "alice"] + options, passphrase: KeyVault.passphrase)
        #expect(last.status == 0 && kills > 0, "\(last.errors)")
        print("killed \(kills) times")
        // One that ended before it was killed was complete: then another subkey was made. But never two at once.
        let after = try vault.parts()
        #expect(after.count >= parts + (options.isEmpty ? 1 : 2))
        try check(vault, tree, after.last?.fingerprint ?? "")
        let secrets = try FileManager.default.contentsOfDirectory(
            atPath: vault.keys.appending(path: "private-keys-v1.d").path)
        #expect(secrets.filter { $0.hasSuffix(".key") }.count == after.count, "\(secrets)")
    }

    @Test func interruptedItGoesOn() throws {
        let vault = try vault()
        let parts = try vault.parts().count
        func changed() throws -> Date? {
            try FileManager.default.attributesOfItem(atPath: vault.data.path)[.modificationDate] as? Date
        }
        let before = try changed()
        let process = try ChildProcess(
            RunningServer.program, vault.arguments(["rotate", "alice"], passphrase: KeyVault.passphrase))
        try waitUntil("a file has been replaced", seconds: 120) { try changed() != before }
        process.signal(SIGINT)
        #expect(process.wait(seconds: 60) == 130)
        #expect(vault.drafts.isEmpty)
        #expect(!RuntimeDirectories.all().contains { $0.owner == process.identifier })
        let again = try vault.run(["rotate", "alice"], passphrase: KeyVault.passphrase)
        #expect(again.status == 0 && again.errors.contains("continuing"), "\(again.errors)")
        #expect(try vault.parts().count == parts + 1)
        try check(vault, Self.tree, vault.parts().last?.fingerprint ?? "")
    }
}

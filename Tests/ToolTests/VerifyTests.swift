import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct VerifyTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    @Test func whatIsSound() throws {
        try vault.store(["a": .random(500_000), "b/c": Data(), "b/d": .random(3)])
        try vault.gpg(vault.stored("foreign.gpg"), .random(200_000))
        try vault.gpg(vault.stored("zipped.gpg"), Data(repeating: 1, count: 300_000))
        try FileManager.default.copyItem(at: vault.stored("a.gpg"), to: vault.stored("cut.gpg.part"))
        try Data("x".utf8).write(to: vault.stored("stray"))
        for run in [try vault.run("verify"), try vault.unlocked("verify")] {
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text.contains("incomplete: /cut: ") && run.text.contains("left-alone: /stray: "))
            #expect(run.text.contains("\n5 sound, 1 incomplete, 1 left-alone"), "\(run.text)")
        }
        #expect(try vault.unlocked("verify", ["b"]).text == "2 sound; contents verified\n")
        let lines = try vault.unlocked("verify", ["--json"]).json()
        #expect(lines.count == 8)
        #expect(lines.filter { $0["result"] as? String == "sound" }.count == 5)
        #expect(lines.last?["done"] as? Int == 5 && lines.last?["incomplete"] as? Int == 1)
    }

    @Test func whatShowsWithoutAPassphrase() throws {
        try vault.store(["cut": .random(200_000), "longer": .random(10), "framing": .random(200_000), "good": Data()])
        try FileManager.default.removeItem(at: vault.keys.appending(path: "private-keys-v1.d"))
        for (name, change) in [("cut", -1), ("longer", 1)] {
            var contents = try Data(contentsOf: vault.stored("\(name).gpg"))
            if change < 0 { contents.removeLast() } else { contents.append(0) }
            try contents.write(to: vault.stored("\(name).gpg"))
        }
        var framing = try Data(contentsOf: vault.stored("framing.gpg"))
        framing[try StoredPieces(framing).lengths[2]] -= 1
        try framing.write(to: vault.stored("framing.gpg"))
        try Data("no message at all".utf8).write(to: vault.stored("plain.gpg"))
        try otherKey("other.gpg")
        let run = try vault.run("verify", ["--json"])
        #expect(run.status == 26, "\(run.errors)")
        let damaged = Set(
            try run.json().filter { $0["result"] as? String == "damaged" }.compactMap { $0["path"] as? String })
        #expect(damaged == ["/cut", "/longer", "/framing", "/plain", "/other"])
        let other = try run.json().first { $0["path"] as? String == "/other" }
        #expect((other?["reason"] as? String)?.contains("another key") == true)
    }

    /// Stores a message for a key that the vault does not have.
    private func otherKey(_ path: String) throws {
        let home = vault.scratch.path("other-keys")
        mkdir(home, 0o700)
        let common = [
            "--homedir", home, "--batch", "--quiet", "--trust-model", "always", "--pinentry-mode", "loopback",
        ]
        let made = try Command.run(
            "gpg", common + ["--passphrase", "", "--quick-gen-key", "other", "future-default", "default", "never"])
        try #require(made.status == 0, "\(made.errors)")
        let source = try vault.scratch.file("source", Data("x".utf8))
        let run = try Command.run(
            "gpg", common + ["--recipient", "other", "--output", vault.stored(path).path, "--encrypt", source.path])
        try #require(run.status == 0, "\(run.errors)")
        _ = try Command.run("gpgconf", ["--homedir", home, "--kill", "all"])
    }

    @Test func whatOnlyTheKeyShows() throws {
        try vault.store(["a": .random(100_000), "b": .random(100_000)])
        let middle = try FileFacts(vault.stored("a.gpg")).size / 2
        try vault.damage("a", at: middle + 7)
        let locked = try vault.run("verify")
        #expect(locked.status == 0 && locked.text.contains("not decrypted"))
        let run = try vault.unlocked("verify")
        #expect(run.status == 26 && run.text.hasPrefix("damaged: /a: "), "\(run.text)")
        #expect(run.text.contains("1 sound, 1 damaged"))
        let wrong = try vault.scratch.file("wrong", Data("not the passphrase\n".utf8))
        #expect(try vault.run("verify", ["--unlock", "--passphrase-file", wrong.path]).status == 12)
        let asked = try Command.run(
            "setsid", ["--wait", RunningServer.program, "verify", "--unlock", "-c", vault.configuration.path])
        #expect(asked.status == 12 && asked.errors.contains("--passphrase-file"))
    }
}

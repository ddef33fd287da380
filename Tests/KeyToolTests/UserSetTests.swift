import Administration
import Foundation
import Server
import TestSupport
import Testing

/// `user list`, `user set` and `user remove`: what they change in server.conf, and that they change nothing else.
@Suite(.serialized) struct UserSetTests {
    private let scratch: Scratch
    private var file: URL { scratch.url.appending(path: "server.conf") }

    init() throws { scratch = try Scratch() }

    private static let key = String(repeating: "AB", count: 20)

    private func run(_ arguments: [String]) throws -> Command {
        try Command.run(RunningServer.program, ["user"] + arguments + ["-c", file.path], in: scratch.url)
    }

    /// Writes a server.conf, runs a command, and returns the file as it is then.
    private func edit(_ text: String, _ arguments: [String]) throws -> (status: Int32, text: String, errors: String) {
        try Data(text.utf8).write(to: file)
        let run = try run(arguments)
        return (run.status, String(decoding: try Data(contentsOf: file), as: UTF8.self), run.errors)
    }

    private static func publicKey(_ scratch: Scratch, _ name: String) throws -> String {
        let path = scratch.path(name)
        try #require(
            try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]).status == 0)
        return try String(contentsOfFile: path + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// A file as a person might write it: comments everywhere, odd blanks, values over several lines.
    private static func byHand(_ keys: [String]) -> String {
        """
        # mine
        listen = "127.0.0.1:2200"   # [[user]]

        [[user]] # the boss
          name   = "alice" # not "bob"
        access="rw"#now
        key = '\(key)'
        authorized_keys = [
          # the laptop
          "\(keys[0])", # old
          "\(keys[1])",
        ]
        # said alice: keep this

        # [[user]]
        # name = "carol"
        [[ user ]]
        name = "bob"
        \tkey = "\(key)"\t
        home = "b/c"
        """
    }

    @Test func onlyTheLineOfTheUserIsChanged() throws {
        let keys = try ["one", "two"].map { try Self.publicKey(scratch, $0) }
        let text = Self.byHand(keys)
        let access = try edit(text, ["set", "alice", "--access", "wo"])
        #expect(access.status == 0, "\(access.errors)")
        #expect(access.text == text.replacing("access=\"rw\"#now", with: "access=\"wo\"#now"))
        let home = try edit(text, ["set", "bob", "--home", "d e/f"])
        #expect(home.text == text.replacing("home = \"b/c\"", with: "home = \"d e/f\""))
        #expect(FileManager.default.fileExists(atPath: scratch.path("data/d e/f")))
        // A setting that is not there yet gets a line behind the last one, also where that has no end.
        let list = try edit(text, ["set", "bob", "--on-exists", "refuse"])
        #expect(list.text == text + "\non_exists = \"refuse\"\n")
        let first = try edit(text, ["set", "alice", "--max-megabytes", "500"])
        #expect(first.text == text.replacing("]\n# said", with: "]\nmax_megabytes = 500\n# said"))
        try Data(first.text.utf8).write(to: file)
        #expect(try run(["set", "alice", "--max-megabytes", "0"]).status == 0)
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func authorizedKeysAreReplacedAndTakenAway() throws {
        let keys = try ["one", "two", "three"].map { try Self.publicKey(scratch, $0) }
        let text = Self.byHand(keys)
        let start = try #require(text.range(of: "authorized_keys"))
        let end = try #require(text.range(of: "]\n# said"))
        let before = String(text[..<start.lowerBound])
        let after = String(text[end.lowerBound...].dropFirst(2))
        let none = try edit(text, ["set", "alice", "--no-authorized-keys"])
        #expect(none.status == 0 && none.text == before + after, "\(none.errors)")
        let third = scratch.path("three.pub")
        let one = try edit(text, ["set", "alice", "--authorized-key", third])
        #expect(one.text == before + "authorized_keys = [\"\(keys[2])\"]\n" + after, "\(one.errors)")
        let two = try edit(
            none.text, ["set", "alice", "--authorized-key", third, "--authorized-key", scratch.path("one.pub")])
        #expect(two.text.contains("\nauthorized_keys = [\"\(keys[2])\", \"\(keys[0])\"]\n# said"), "\(two.errors)")
        // The setting's name may be in quotes.
        let quoted = "[[user]]\nname = \"alice\"\nkey = \"\(Self.key)\"\n"
        let removed = try edit(
            quoted + "\"authorized_keys\" = [\"\(keys[0])\"]\n", ["set", "alice", "--no-authorized-keys"])
        #expect(removed.status == 0 && removed.text == quoted, "\(removed.errors)")
        // A private key is none, nor is a file of something else.
        for file in [scratch.path("three"), "/etc/passwd", scratch.path("missing")] {
            let refused = try edit(text, ["set", "alice", "--authorized-key", file])
            #expect(refused.status == 1 && refused.text == text, "\(refused.errors)")
        }
    }

    @Test func whatIsNotGoodChangesNothing() throws {
        let keys = try ["one", "two"].map { try Self.publicKey(scratch, $0) }
        let text = Self.byHand(keys)
        for (arguments, status) in [
            (["set", "carol", "--access", "wo"], 1), (["set", "alice"], 2), (["set", "alice", "--access", "ro"], 2),
            (["set", "alice", "--home", "../x"], 11), (["set", "alice", "--home", "a\"\naccess = \"wo"], 11),
            (["remove", "carol"], 1), (["set", "alice", "--no-authorized-keys", "--authorized-key", "x"], 2),
        ] as [([String], Int32)] {
            let refused = try edit(text, arguments)
            #expect(refused.status == status && refused.text == text, "\(arguments): \(refused.errors)")
        }
        #expect(try edit("listen = [\n", ["set", "alice", "--access", "wo"]).status == 11)
        try FileManager.default.removeItem(at: file)
        #expect(try run(["set", "alice", "--access", "wo"]).status == 10)
        #expect(try run(["remove", "alice"]).status == 10)
    }

    @Test func whatIsSoAlreadyIsNotWritten() throws {
        let text = Self.byHand(try ["one", "two"].map { try Self.publicKey(scratch, $0) })
        try Data(text.utf8).write(to: file)
        let inode = try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int
        #expect(try run(["set", "alice", "--access", "rw"]).status == 0)
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int == inode)
    }

    @Test(arguments: ["\n", "\r\n"]) func removingTakesOneUsersLines(end: String) throws {
        let keys = try ["one", "two"].map { try Self.publicKey(scratch, $0) }
        let text = Self.byHand(keys).replacing("\n", with: end)
        let alice = try edit(text, ["remove", "alice"])
        let start = try #require(text.range(of: "\(end)[[user]] # the boss"))
        let rest = try #require(text.range(of: "# said"))
        #expect(alice.text == text[..<start.lowerBound] + text[rest.lowerBound...], "\(alice.errors)")
        let bob = try edit(text, ["remove", "bob"])
        let last = try #require(text.range(of: "[[ user ]]"))
        #expect(bob.text == text[..<last.lowerBound], "\(bob.errors)")
    }

    @Test func removingUndoesAdding() throws {
        let vault = try KeyVault([("alice", "rw")])
        let before = try Data(contentsOf: vault.configuration)
        let stored = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs/keys"))
        #expect(
            try vault.run(["user", "add", "bob", "--access", "wo"], passphrase: "correct horse battery").status == 0)
        #expect(try Data(contentsOf: vault.configuration) != before)
        let removed = try vault.run(["user", "remove", "bob"])
        #expect(
            removed.status == 0 && removed.text.contains("\n  key kept:") && removed.text.contains("\n  files kept:"))
        #expect(try Data(contentsOf: vault.configuration) == before)
        let after = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs/keys"))
        #expect(after.count > stored.count && stored.allSatisfy { after[$0.key] == $0.value })
        // The key that was kept is the key that the user has who comes back and names it.
        let listed = try vault.run(["key", "list", "--json"]).json().first { $0["user"] as? String == "bob" }
        let key = try #require(listed?["fingerprint"] as? String)
        let again = try vault.run(
            ["user", "add", "bob", "--access", "wo", "--key", key], passphrase: "correct horse battery")
        #expect(again.status == 0, "\(again.errors)")
        // Only the hash is another one, and what was confirmed of it.
        let kept = after.filter { !$0.key.hasSuffix("bob/confirmed.toml") }
        let now = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs/keys"))
        #expect(now.count == after.count && kept.allSatisfy { now[$0.key] == $0.value })
    }

    /// The homes of two users do not meet by mistake, and what cannot be a home changes nothing.
    @Test func homesThatAreRefused() throws {
        let vault = try KeyVault([("alice", "rw")])
        let before = try vault.text()
        for home in ["alice", "alice/inbox", "ALICE", "."] {
            let refused = try vault.run(["user", "add", "bob", "--home", home], passphrase: KeyVault.passphrase)
            #expect(refused.status == 1 && refused.errors.contains("--shared"), "\(home): \(refused.errors)")
        }
        for home in [".cryptsftp-drafts", "x/.CRYPTSFTP-drafts"] {
            #expect(
                try vault.run(["user", "add", "bob", "--home", home], passphrase: KeyVault.passphrase).status == 11)
            #expect(try vault.run(["user", "set", "alice", "--home", home]).status == 11)
        }
        // Its directory cannot be made.
        #expect(try vault.run(["user", "set", "alice", "--home", String(repeating: "x", count: 300)]).status == 1)
        #expect(try vault.text() == before)
        #expect(
            try vault.run(["user", "add", "bob", "--home", "alice/inbox", "--shared"], passphrase: KeyVault.passphrase)
                .status == 0)
        #expect(try vault.text().contains("shared = true"))
        let refused = try vault.run(["user", "set", "bob", "--no-shared"])
        #expect(refused.status == 1 && refused.errors.contains("--shared"), "\(refused.errors)")
        #expect(try vault.run(["user", "set", "bob", "--no-shared", "--home", "bob"]).status == 0)
        // Those of an older server.conf are told, and work.
        let text = try vault.text().replacing("home = \"bob\"", with: "home = \"alice\"")
        try Data(text.utf8).write(to: vault.configuration)
        let doctor = try vault.run(["doctor", "--json"]).json()
        #expect(doctor.contains { $0["check"] as? String == "home" }, "\(doctor)")
        #expect(try vault.run(["user", "set", "bob", "--access", "wo"]).status == 0)
    }

    /// Random files of many users: whoever is removed, every other byte stays.
    @Test func removingFromRandomFiles() throws {
        var numbers = SeededNumbers(for: "removingFromRandomFiles")
        for _ in 0..<200 {
            let comments = ["", "\n", "# [[user]]\n", "  # x = \"y\n", "\t\n\n"]
            func comment() -> String { comments.randomElement(using: &numbers) ?? "" }
            let names = (0..<Int.random(in: 1...4, using: &numbers)).map { "u\($0)" }
            var pieces = [comment() + "data = \"data\"\n"]
            for name in names {
                let lines = [
                    "name = \"\(name)\"", "key = \"\(Self.key)\" # [[user]]", "home='\(name)/#'", "max_files =5",
                ].prefix(Int.random(in: 2...4, using: &numbers)).shuffled(using: &numbers)
                pieces.append(comment() + "# about \(name)\n")
                pieces.append("[[user]]\n" + lines.map { $0 + "\n" }.joined(separator: comment()))
            }
            pieces.append(comment())
            try Data(pieces.joined().utf8).write(to: file)
            let victim = Int.random(in: 0..<names.count, using: &numbers)
            _ = try UserRemoval.remove(names[victim], from: file)
            pieces.remove(at: 2 + 2 * victim)
            #expect(String(decoding: try Data(contentsOf: file), as: UTF8.self) == pieces.joined())
        }
    }

    @Test func listsAsJSON() throws {
        let keys = try ["one", "two"].map { try Self.publicKey(scratch, $0) }
        try Data(Self.byHand(keys).utf8).write(to: file)
        let listed = try run(["list", "--json"])
        let users = try listed.json()
        #expect(users.allSatisfy { $0["event"] as? String == "user" })
        #expect(users.map { $0["name"] as? String } == ["alice", "bob"])
        #expect(users.map { $0["home"] as? String } == ["alice", "b/c"])
        #expect(users.map { $0["access"] as? String } == ["rw", "rw"])
        #expect(users.map { $0["on_exists"] as? String } == ["keep", "keep"])
        #expect(users.map { $0["key"] as? String } == [Self.key, Self.key])
        #expect(users[0]["authorized_keys"] as? [String] == keys)
        #expect(try run(["list"]).text == "alice\trw\talice\t\(Self.key)\nbob\trw\tb/c\t\(Self.key)\n")
    }

    @Test func aRunningServerTakesTheChange() throws {
        let server = try RunningServer([("alice", "rw")])
        func set(_ arguments: [String]) throws -> Int32 {
            try Command.run(RunningServer.program, ["user"] + arguments + ["-c", server.configuration.path]).status
        }
        #expect(try server.sftp("alice", "ls", password: "a visitor").status != 0)
        #expect(try set(["set", "alice", "--access", "wo"]) == 0)
        #expect(try server.sftp("alice", "ls", password: "a visitor").status == 0)
        #expect(try set(["remove", "alice"]) == 0)
        #expect(try server.sftp("alice", "ls").status != 0)
        #expect(server.process.isRunning)
    }
}

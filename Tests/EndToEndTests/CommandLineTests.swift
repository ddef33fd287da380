import Foundation
import TestSupport
import Testing

/// The command line: what it makes, what it refuses, and with which code.
@Suite(.serialized) struct CommandLineTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Command {
        try Command.run(
            RunningServer.program, arguments, input: Data(input.utf8),
            environment: environment.merging(QuickGnuPG.environment) { $1 }, in: scratch.url,
            seconds: 60)
    }

    private func contents(_ path: String) throws -> Data { try Data(contentsOf: scratch.url.appending(path: path)) }

    @Test func aSecondUserChangesNothingElse() throws {
        let first = try run(["-c", "server.conf", "-a", "alice", "--passphrase-file", "-"], input: "correct horse\n")
        #expect(first.status == 0, "\(first.errors)")
        // What a person has added by hand stays, also a last line without an end.
        var text = try contents("server.conf")
        text += Data("\n# a comment of mine\n\n#  and another".utf8)
        try text.write(to: scratch.url.appending(path: "server.conf"))
        let keys = try ["hostkeys/ed25519_key", "hostkeys/rsa_key"].map { try contents($0) }
        let second = try run(
            ["user", "add", "bob", "-c", "server.conf", "--access", "wo", "--home", "in/box"],
            environment: ["CRYPTSFTP_PASSPHRASE_FILE": scratch.file("pw", Data("another horse\r\n".utf8)).path])
        #expect(second.status == 0, "\(second.errors)")
        let after = try contents("server.conf")
        #expect(after.prefix(text.count) == text)
        #expect(after.count > text.count)
        #expect(try ["hostkeys/ed25519_key", "hostkeys/rsa_key"].map { try contents($0) } == keys)
        let listed = try run(["user", "list"])
        #expect(
            listed.text.split(separator: "\n").map { $0.split(separator: "\t").prefix(3).joined(separator: " ") }
                == ["alice rw alice", "bob wo in/box"])
        #expect(!String(decoding: after, as: UTF8.self).contains("horse"))
        for user in ["alice", "bob"] {
            #expect(FileManager.default.fileExists(atPath: scratch.path("keys/\(user)/openpgp-revocs.d")))
        }
        // The config is taken by a server, and by a home that was made for it.
        #expect(FileManager.default.fileExists(atPath: scratch.path("data/in/box")))
    }

    @Test func theKeyIsAsPromised() throws {
        #expect(
            try run(["-c", "server.conf", "-a", "alice", "--passphrase-file", "-"], input: "correct horse\n").status
                == 0)
        let listed = try Command.run(
            "gpg", ["--homedir", scratch.path("keys/alice"), "--list-keys", "--with-colons"]
        ).text
        let fields = listed.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        let primary = try #require(fields.first { $0[0] == "pub" })
        let sub = try #require(fields.first { $0[0] == "sub" })
        #expect(primary[3] == "22" && primary[16] == "ed25519" && primary[6] == "")
        #expect(sub[3] == "18" && sub[16] == "cv25519" && sub[6] == "")
    }

    @Test(arguments: [("", 12), ("short\n", 12), ("1234567\n", 12), ("with\0nul in it\n", 12)])
    func passphrasesThatAreNone(_ input: String, _ code: Int32) throws {
        let refused = try run(["user", "add", "alice", "-c", "server.conf", "--passphrase-file", "-"], input: input)
        #expect(refused.status == code, "\(refused.errors)")
        #expect(refused.errors.hasPrefix("cryptsftp: "))
        #expect(!FileManager.default.fileExists(atPath: scratch.path("keys/alice")))
    }

    @Test func longPassphrasesUpToTheLimit() throws {
        let longest = String(repeating: "word ", count: 51)
        #expect(longest.utf8.count == 255)
        #expect(
            try run(["-c", "server.conf", "-a", "alice", "--passphrase-file", "-"], input: longest + "\n").status == 0)
        #expect(
            try run(["-c", "server.conf", "-a", "bob", "--passphrase-file", "-"], input: longest + "x\n").status == 12)
    }

    @Test func aWeakPassphraseIsWarnedAbout() throws {
        let weak = try run(["-c", "server.conf", "-a", "alice", "--passphrase-file", "-"], input: "password\n")
        #expect(weak.status == 0 && weak.errors.contains("weak"))
        let strong = try run(
            ["-c", "server.conf", "-a", "bob", "--passphrase-file", "-"], input: "correct horse battery staple\n")
        #expect(strong.status == 0 && strong.errors.isEmpty)
    }

    @Test func whatCannotBeAddedLeavesNothing() throws {
        func add(_ arguments: [String]) throws -> Command {
            try run(
                ["user", "add"] + arguments + ["-c", "server.conf", "--passphrase-file", "-"], input: "correct horse\n")
        }
        #expect(try add(["../alice"]).status == 1)
        #expect(try add(["a b"]).status == 1)
        #expect(try add(["alice", "--access", "none"]).status == 2)
        #expect(try add(["alice", "--home", "../x"]).status == 11)
        #expect(try add(["alice", "--home", "x\"\naccess = \"wo"]).status != 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("keys/alice")))
        #expect(try add(["alice"]).status == 0)
        let before = try contents("server.conf")
        #expect(try add(["alice"]).status == 1)
        #expect(try contents("server.conf") == before)
    }

    @Test func aKeyThatIsThereIsKept() throws {
        func add(_ passphrase: String, _ options: [String] = []) throws -> Command {
            try run(
                ["user", "add", "alice", "-c", "server.conf", "--passphrase-file", "-"] + options, input: passphrase)
        }
        #expect(try add("correct horse\n").status == 0)
        let keys = try contents("keys/alice/pubring.kbx")
        try FileManager.default.removeItem(at: scratch.url.appending(path: "server.conf"))
        // It is taken only by name: somebody else may have put it there.
        let refused = try add("correct horse\n")
        #expect(refused.status == 1, "\(refused.errors)")
        let key = try #require(refused.errors.firstMatch(of: /[0-9A-F]{40}/)).0
        #expect(try add("another horse\n", ["--key", String(key)]).status == 12)
        #expect(try add("correct horse\n", ["--key", String(key)]).status == 0)
        #expect(try contents("keys/alice/pubring.kbx") == keys)
    }

    /// The ancestor's steps 1 to 3 and 7, in any directory: a user, then no options at all.
    @Test func aDirectoryWithAServerConfNeedsNoOptions() throws {
        #expect(
            try run(["-c", "server.conf", "-a", "alice", "--passphrase-file", "-"], input: "correct horse\n").status
                == 0)
        let text = try String(contentsOf: scratch.url.appending(path: "server.conf"), encoding: .utf8)
        #expect(text.contains("\ndata = \"data\"\n"))
        // The port that everybody would take may be taken on this machine.
        try Data(text.replacing(":2200", with: ":0").utf8).write(to: scratch.url.appending(path: "server.conf"))
        let output = try scratch.file("output", Data())
        let server = try ChildProcess(
            RunningServer.program, [], in: scratch.url, streams: [.null, .writing(output), .null])
        try waitUntil("it serves") { try String(contentsOf: output, encoding: .utf8).contains("Starting SFTP Service") }
        server.signal(SIGINT)
        server.signal(SIGINT)
        #expect(server.wait(seconds: 60) == 0)
    }

    @Test func aDirectoryCalledConfigsHasItsDataBesideIt() throws {
        let added = try run(
            ["-c", "Configs/server.conf", "-a", "alice", "--passphrase-file", "-"], input: "correct horse\n")
        #expect(added.status == 0, "\(added.errors)")
        #expect(FileManager.default.fileExists(atPath: scratch.path("data/alice")))
        // Without options, in the directory above: the vault's.
        #expect(
            try run(["user", "list"], environment: ["CRYPTSFTP_VAULT": scratch.url.path]).text.hasPrefix("alice\trw"))
    }

    @Test func exitCodesAndTheirTable() throws {
        let help = try run(["help"]).text
        for code in ["10", "11", "12", "13", "14", "15", "130"] { #expect(help.contains("\n  \(code) ")) }
        #expect(try run(["--version"]).text.split(separator: ".").count == 3)
        #expect(try run(["--nonsense"]).status == 2)
        #expect(try run(["serve", "--listen", "nowhere"]).status == 2)
        #expect(try run(["serve", "-c", "none.conf"]).status == 10)
        #expect(try run(["user", "list", "-c", "none.conf"]).status == 10)
        try scratch.file("bad.conf", Data("listen = [\n".utf8))
        let bad = try run(["serve", "-c", "bad.conf"])
        #expect(bad.status == 11 && bad.errors.contains("bad.conf:"))
        #expect(try run(["monitor"]).status == 2)
    }

    @Test func whatKeepsItFromServing() throws {
        #expect(
            try run(["-c", "server.conf", "-a", "alice", "--passphrase-file", "-"], input: "correct horse\n").status
                == 0)
        let other = try RunningServer([("alice", "rw")])
        let taken = try run(["-c", "server.conf", "--listen", "127.0.0.1:\(other.port)"])
        #expect(taken.status == 14 && taken.errors.contains("in use"))
        try FileManager.default.moveItem(atPath: scratch.path("data"), toPath: scratch.path("moved"))
        let missing = try run(["-c", "server.conf", "--listen", "127.0.0.1:0"])
        #expect(missing.status == 15 && missing.errors.contains("data"))
        try FileManager.default.moveItem(atPath: scratch.path("moved"), toPath: scratch.path("data"))
        try FileManager.default.removeItem(atPath: scratch.path("hostkeys"))
        #expect(try run(["-c", "server.conf", "--listen", "127.0.0.1:0"]).status == 11)
    }
}

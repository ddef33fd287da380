import Foundation
import TestSupport
import Testing

/// What a person sees and types, on a terminal that `expect` makes.
@Suite(.serialized) struct TerminalTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Runs the program on a terminal and plays a dialogue: what to wait for, and what to type then.
    private func play(_ arguments: String, _ dialogue: [(String, String)]) throws -> Command {
        let steps = dialogue.map { "expect {\n  \"\($0.0)\" {}\n  timeout {exit 99}\n}\nafter 200\nsend \"\($0.1)\"" }
        let script = """
            set timeout 20
            spawn \(RunningServer.program) \(arguments)
            fconfigure $spawn_id -encoding binary
            \(steps.joined(separator: "\n"))
            expect eof
            exit [lindex [wait] 3]
            """
        return try Command.run(
            "expect", [scratch.file("script", Data(script.utf8)).path], environment: QuickGnuPG.environment,
            in: scratch.url, seconds: 60)
    }

    @Test func theFirstStartAsksForAUserAndServes() throws {
        let run = try play(
            "-c server.conf --listen 127.0.0.1:0",
            [
                ("User name:", "alice\\r"), ("remember", "correct horsf\\xc3\\xa4\\x7f\\x7fe battery\\r"),
                ("Once more", "correct horse battery\\r"), ("stop:", "\\x03"),
            ])
        #expect(run.status == 0, "\(run.text)")
        #expect(run.text.contains("Starting SFTP Service") && run.text.contains("Stopped."))
        // What was typed is not shown.
        #expect(!run.text.contains("horse"))
        // The passphrase is the one that was meant.
        let added = try Command.run(
            RunningServer.program, ["user", "add", "bob", "-c", "server.conf", "--passphrase-file", "-"],
            input: Data("correct horse battery\n".utf8), environment: QuickGnuPG.environment, in: scratch.url)
        #expect(added.status == 0)
        let keys = scratch.path("keys/alice")
        try Data("plain".utf8).write(to: scratch.url.appending(path: "plain"))
        let encrypted = try Command.run(
            "gpg",
            ["--homedir", keys, "--batch", "--trust-model", "always", "-r", "alice", "-e", scratch.path("plain")])
        #expect(encrypted.status == 0, "\(encrypted.errors)")
        let decrypted = try Command.run(
            "gpg",
            [
                "--homedir", keys, "--batch", "--pinentry-mode", "loopback", "--passphrase", "correct horse battery",
                "-d",
                scratch.path("plain.gpg"),
            ])
        #expect(decrypted.text == "plain", "\(decrypted.errors)")
        _ = try Command.run("gpgconf", ["--homedir", keys, "--kill", "all"])
    }

    @Test func differentPassphrasesAreAskedForAgain() throws {
        let run = try play(
            "-c server.conf -a alice",
            [
                ("remember", "the first one\\r"), ("Once more", "the second one\\r"), ("Try again", ""),
                ("remember", "the second one\\r"), ("Once more", "the second one\\r"),
            ])
        #expect(run.status == 0, "\(run.text)")
    }

    @Test(arguments: ["\\x03", "\\x04", "some\\x03"]) func interruptingMakesNothing(keys: String) throws {
        let run = try play("-c server.conf -a alice", [("remember", keys)])
        #expect(run.status == 130, "\(run.text)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["script"])
    }

    @Test func thereMustBeATerminalOrAFile() throws {
        let run = try Command.run(
            "setsid", ["--wait", RunningServer.program, "-c", "server.conf", "-a", "alice"], in: scratch.url)
        #expect(run.status == 12 && run.errors.contains("--passphrase-file"))
    }
}

import Foundation
import TestSupport
import Testing

/// The tools on a terminal, which `expect` makes.
@Suite(.serialized) struct TerminalToolTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    /// Runs a tool on a terminal and plays a dialogue: what to wait for, and what to type then.
    private func play(_ arguments: [String], _ dialogue: [(String, String)]) throws -> Command {
        let steps = dialogue.map { "expect {\n  \"\($0.0)\" {}\n  timeout {exit 99}\n}\nafter 200\nsend \"\($0.1)\"" }
        let script = """
            set timeout 60
            spawn \(RunningServer.program) \(arguments.joined(separator: " ")) -c \(vault.configuration.path)
            \(steps.joined(separator: "\n"))
            expect eof
            exit [lindex [wait] 3]
            """
        return try Command.run(
            "expect", [vault.scratch.file("script", Data(script.utf8)).path], in: vault.scratch.url, seconds: 120)
    }

    @Test func thePassphraseIsAskedForAndNotShown() throws {
        try vault.store(["file": Data("contents".utf8)])
        let run = try play(["cat", "file"], [("Passphrase for alice:", "\(RunningServer.passphrase)\\r")])
        #expect(run.status == 0 && run.text.hasSuffix("contents"), "\(run.text)")
        #expect(!run.text.contains("battery"))
        #expect(try play(["cat", "file"], [("Passphrase for alice:", "wrong one\\r")]).status == 12)
        #expect(try play(["cat", "file"], [("Passphrase for alice:", "\\x03")]).status == 130)
        // Sources are removed only with it.
        try vault.plain("source", Data("x".utf8))
        #expect(try play(["encrypt", "--remove-source", "source"], [("Passphrase for alice:", "\\x03")]).status == 130)
        #expect(vault.names(in: "data/alice") == ["file.gpg"])
    }

    /// Ctrl-C reaches gpg, too: that must not be taken for a damaged file.
    @Test func progressAndControlC() throws {
        try vault.large("large", 512)
        let stored = try play(["encrypt", "large"], [("of 1 files, ", "")])
        #expect(
            stored.status == 0 && stored.text.contains("/s, ") && stored.text.contains("1 stored"), "\(stored.text)")
        let run = try play(
            ["decrypt", "/", "out", "--passphrase-file", vault.passphraseFile.path], [("of 1 files, ", "\\x03")])
        #expect(run.status == 130 && run.text.contains("cryptsftp: interrupted"), "\(run.text)")
        #expect(!run.text.contains("damaged"))
        #expect(vault.names(in: "out").isEmpty)
    }
}

import Foundation
import TestSupport
import Testing

/// No command leaves its memory, with passphrases and plaintext, in a core dump.
@Suite(.serialized) struct CoreDumpTests {
    private static let commands: [[String]] = [
        ["cat", "/file"], ["decrypt", "/", "away"], ["verify", "--unlock"], ["encrypt", "plain", "--remove-source"],
        ["user", "passwd", "alice"], ["key", "export", "alice", "paper"], ["rotate", "alice"],
    ]

    /// Each waits for a passphrase that never comes: what it forbids, it has forbidden before.
    @Test(arguments: commands) func noneOfACommand(command: [String]) throws {
        let vault = try ToolVault()
        try vault.store(["file": Data("plaintext".utf8)])
        try vault.plain("plain/file", Data("x".utf8))
        let pipe = vault.scratch.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let line = command + ["--passphrase-file", pipe, "-c", vault.configuration.path]
        let process = try start(line, in: vault.scratch.url, [.null, .null, .null])
        var writer: Int32 = -1
        try waitUntil("it reads the passphrase") {
            writer = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return writer >= 0
        }
        defer { close(writer) }
        try expectNoDump(of: process, in: vault.scratch.url)
    }

    @Test func noneOfTheListener() throws {
        let vault = try ToolVault()
        let output = try vault.scratch.file("output", Data())
        let line = ["serve", "-c", vault.configuration.path, "--listen", "127.0.0.1:0"]
        let process = try start(line, in: vault.scratch.url, [.null, .writing(output), .null])
        try waitUntil("it serves") { try String(contentsOf: output, encoding: .utf8).contains("stop:") }
        try expectNoDump(of: process, in: vault.scratch.url)
    }

    /// Starts the program where core dumps are as large as can be.
    private func start(
        _ arguments: [String], in directory: URL, _ streams: [ChildProcess.Stream]
    ) throws -> ChildProcess {
        try ChildProcess(
            "prlimit", ["--core=unlimited:unlimited", RunningServer.program] + arguments,
            environment: ["SWIFT_BACKTRACE": "enable=yes"], in: directory, streams: streams)
    }

    private func expectNoDump(of process: ChildProcess, in directory: URL) throws {
        let limits = try String(contentsOfFile: "/proc/\(process.identifier)/limits", encoding: .utf8)
        #expect(limits.contains(/Max core file size\s+0\s+0\s/))
        process.signal(SIGABRT)
        #expect(process.wait() == 128 + SIGABRT)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!names.contains { $0.hasPrefix("core") })
    }
}

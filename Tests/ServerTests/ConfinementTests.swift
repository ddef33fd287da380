import Foundation
import TestSupport
import Testing

/// What is left to a session process once somebody has logged in.
struct ConfinementTests {
    @Test func onlyTheHomeAndTheKeysAreLeft() throws {
        let scratch = try Scratch()
        for name in ["home", "keys", "other"] {
            try FileManager.default.createDirectory(
                at: scratch.url.appending(path: name), withIntermediateDirectories: true)
            try scratch.file("\(name)/file", Data("x".utf8))
        }
        let paths = ["home", "home/file", "keys/file", "other", "other/file"].map { scratch.path($0) }
        let run = try Command.run(
            ConfinementTests.probe,
            [scratch.path("home"), scratch.path("keys")] + paths + ["/etc/shadow", "/root", "/etc/passwd", "/"])
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.text.split(separator: "\n").map(String.init)
        let expected = [
            "read \(paths[0])", "list \(paths[0])", "create \(paths[0])", "read \(paths[1])", "write \(paths[1])",
            "read \(paths[2])", "write \(paths[2])", "read /etc/passwd", "unix socket", "a program", "thread",
        ]
        print(lines.first ?? "nothing is in force")
        #expect(lines.first?.contains("seccomp") == true)
        // A kernel without Landlock leaves files alone; the log of a session says so.
        if lines.first?.contains("Landlock") == true { #expect(Array(lines.dropFirst()) == expected) }
    }

    private static let probe = URL(filePath: RunningServer.program).deletingLastPathComponent()
        .appending(path: "ConfinedProbe").path
}

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
        try #require(lines.count > 2)
        print(lines[1])
        #expect(lines[1].contains("seccomp"))
        guard lines[0] != "Landlock of the kernel: 0" else {
            return print("skipped: this kernel has no Landlock and leaves files alone, as the log of a session says")
        }
        #expect(lines[1].contains("Landlock"))
        #expect(Array(lines.dropFirst(2)) == expected)
    }

    private static let probe = URL(filePath: RunningServer.program).deletingLastPathComponent()
        .appending(path: "ConfinedProbe").path
}

import Foundation
import TestSupport
import Testing

/// What is left to the two processes of a connection.
struct ConfinementTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        for name in ["data/home", "data/other", "keys"] {
            try FileManager.default.createDirectory(
                at: scratch.url.appending(path: name), withIntermediateDirectories: true)
            try scratch.file("\(name)/file", Data("x".utf8))
        }
    }

    private var paths: [String] {
        ["data/home", "data/home/file", "data/other/file", "keys", "keys/file"].map { scratch.path($0) }
            + ["/etc/shadow", "/root", "/tmp", "/etc/passwd", "/", "/proc", "/proc/1/environ", "/proc/1/cmdline"]
    }

    /// Runs the probe; nil on a kernel without Landlock.
    private func probe(_ stage: String, _ home: String) throws -> [String]? {
        let run = try Command.run(
            ConfinementTests.program, [stage, scratch.path("data"), scratch.path(home)] + paths)
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.text.split(separator: "\n").map(String.init)
        try #require(lines.count > 1)
        print(lines[1])
        #expect(stage == "monitor" || lines[1].contains("seccomp"))
        guard lines[0] != "Landlock of the kernel: 0" else {
            print("skipped: this kernel has no Landlock and leaves files alone, as the server says at its start")
            return nil
        }
        return Array(lines.dropFirst(2))
    }

    private func inData(_ names: [String]) -> [String] { names.map { $0.replacing("@", with: scratch.path("data")) } }

    @Test func beforeTheLoginOnlyTheDataDirectoryIsLeft() throws {
        guard let left = try probe("login", "data/home") else { return }
        let expected = [
            "read @/home", "list @/home", "create @/home", "read @/home/file", "write @/home/file",
            "read @/other/file", "write @/other/file", "read /etc/passwd", "stream pair", "thread",
        ]
        #expect(left == inData(expected))
    }

    @Test func afterTheLoginOnlyTheHomeIsLeft() throws {
        guard let left = try probe("session", "data/home") else { return }
        let expected = [
            "read @/home", "list @/home", "create @/home", "read @/home/file", "write @/home/file",
            "read /etc/passwd", "stream pair", "thread",
        ]
        #expect(left == inData(expected))
    }

    /// gpg runs under these rules: it may connect to its agent.
    @Test func aMonitorHasItsPrivateDirectoryAndPrograms() throws {
        guard let left = try probe("monitor", "keys") else { return }
        let keys = scratch.path("keys")
        #expect(left.contains("read \(keys)/file") && left.contains("unix socket") && left.contains("a program"))
        #expect(!left.contains { $0.contains("/data/") || $0.contains("/root") || $0.contains("/tmp ") })
        #expect(!left.contains { ["inet socket", "signal", "namespace", "chroot", "link \(keys)"].contains($0) })
    }

    /// On a kernel without Landlock files are left alone, but a session still gets no socket, program or process.
    @Test func withoutLandlockNoProcessesAndSocketsAreLeft() throws {
        let run = try Command.run(
            ConfinementTests.beside("OldKernel"),
            ["444,445,446", ConfinementTests.program, "session", scratch.path("data"), scratch.path("data/home")])
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.text.split(separator: "\n") == [
                "Landlock of the kernel: 0", "in force: seccomp", "stream pair", "thread",
            ])
    }

    private static func beside(_ name: String) -> String {
        URL(filePath: RunningServer.program).deletingLastPathComponent().appending(path: name).path
    }

    private static let program = beside("ConfinedProbe")
}

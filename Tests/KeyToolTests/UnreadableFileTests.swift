import Foundation
import TestSupport
import Testing

/// Stored files and directories whose modes keep the owner out, as others could make them: they end no tool.
@Suite(.serialized) struct UnreadableFileTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try TestVaults.copy([("alice", "rw")], to: scratch.url)
    }

    /// Runs a command as a user whom modes keep out, which they do not do with root.
    private func run(_ arguments: [String]) throws -> Command {
        let user = getuid() == 0 ? 24501 : getuid()
        let drop = user == getuid() ? [] : ["setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups"]
        let line = drop + [RunningServer.program] + arguments + ["-c", scratch.path("Configs/server.conf")]
        let environment = QuickGnuPG.environment.merging([
            "HOME": scratch.path("run"), "XDG_RUNTIME_DIR": scratch.path("run"),
        ]) { $1 }
        return try Command.run("/usr/bin/env", line, environment: environment, in: scratch.url)
    }

    @Test func theyAreOneLineEach() throws {
        let secret = try scratch.file("passphrase", Data("\(RunningServer.passphrase)\n".utf8))
        let unlocked = ["--passphrase-file", secret.path]
        try FileManager.default.createDirectory(
            atPath: scratch.path("tree/shut"), withIntermediateDirectories: true)
        for name in ["tree/good", "tree/closed", "tree/shut/inside", "tree/zed"] {
            try scratch.file(name, Data(name.utf8))
        }
        try FileManager.default.createDirectory(
            atPath: scratch.path("run"), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let own = ["chown", "-R", "24501:24501", scratch.url.path]
        if getuid() == 0 { #expect(try Command.run("/usr/bin/env", own).status == 0) }
        #expect(try run(["encrypt", "tree"]).status == 0)
        let stored = scratch.url.appending(path: "data/alice/tree")
        for name in ["closed.gpg", "shut"] { #expect(chmod(stored.appending(path: name).path, 0) == 0) }
        defer { for name in ["closed.gpg", "shut"] { chmod(stored.appending(path: name).path, 0o700) } }
        for arguments in [
            ["verify"], ["verify", "--unlock"] + unlocked, ["decrypt", "/", "out"] + unlocked,
            ["rotate", "alice"] + unlocked,
        ] {
            let tool = try run(arguments)
            #expect(tool.status == 26, "\(arguments): \(tool.status) \(tool.errors)")
            let lines = tool.text.split(separator: "\n").filter { $0.hasPrefix("damaged") }
            #expect(lines.count == 2, "\(arguments): \(tool.text)\(tool.errors)")
            for name in ["/tree/closed", "/tree/shut"] {
                #expect(lines.count { $0.contains(name) } == 1, "\(arguments): \(tool.text)")
            }
        }
        for name in ["good", "zed"] {
            #expect(try Data(contentsOf: scratch.url.appending(path: "out/tree/\(name)")) == Data("tree/\(name)".utf8))
        }
        // With the modes of ordinary files again, the same command completes the rotation.
        for name in ["closed.gpg", "shut"] { #expect(chmod(stored.appending(path: name).path, 0o700) == 0) }
        let done = try run(["rotate", "alice", "--keep-key"] + unlocked)
        #expect(done.status == 0 && done.text.hasPrefix("2 files"), "\(done.text)\(done.errors)")
    }
}

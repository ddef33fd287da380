import Foundation
import TestSupport

/// A root folder with a statically linked shell and nothing else: no C library, no loader, no packages, no users.
final class BareRoot {
    let scratch: Scratch
    private var mounts: [String] = []

    /// Why there can be none here, or nil.
    static let obstacle: String? = {
        guard getuid() == 0 else { return "only root can make root folders" }
        guard let shell = try? Command.run("busybox", ["true"]), shell.status == 0 else { return "busybox is missing" }
        guard let unshared = try? Command.run("unshare", ["--mount", "--net", "true"]), unshared.status == 0 else {
            return "no namespaces can be made here"
        }
        return nil
    }()

    init() throws {
        scratch = try Scratch()
        // Another user works in there.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.url.path)
        for name in ["bin", "proc", "dev", "tmp", "vault"] {
            try FileManager.default.createDirectory(
                at: scratch.url.appending(path: name), withIntermediateDirectories: false)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: scratch.path("tmp"))
        let found = try Command.run("sh", ["-c", "command -v busybox"]).text.trimmingCharacters(in: .newlines)
        try FileManager.default.copyItem(atPath: found, toPath: scratch.path("bin/busybox"))
        try require("chroot", [scratch.url.path, "/bin/busybox", "--install", "-s", "/bin"])
        for (name, minor) in [("null", "3"), ("zero", "5"), ("random", "8"), ("urandom", "9")] {
            try require("mknod", ["-m", "666", scratch.path("dev/\(name)"), "c", "1", minor])
        }
    }

    deinit {
        for mount in mounts.reversed() { _ = try? Command.run("umount", ["-l", mount]) }
    }

    /// Where the vault of the root is.
    var vault: URL { scratch.url.appending(path: "vault") }

    /// Mounts something there.
    func mount(_ program: String, _ arguments: [String]) throws {
        try require(program, arguments + [vault.path])
        mounts.append(vault.path)
    }

    private func require(_ program: String, _ arguments: [String]) throws {
        let command = try Command.run(program, arguments)
        guard command.status == 0 else { throw Unexpected(description: "\(program) \(arguments): \(command.errors)") }
    }
}

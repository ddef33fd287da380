package import Foundation

/// A root directory with little in it, for what must work where nothing was installed.
package final class BareRoot {
    /// What is in it.
    package enum Contents {
        /// A statically linked shell and nothing else: no C library, no loader, no packages, no users.
        case shell
        /// A Debian as small as debootstrap makes it, and these packages.
        case debian(packages: [String])
    }

    package let scratch: Scratch
    private var mounts: [String] = []

    /// Why there can be none here, or nil.
    package static let obstacle: String? = {
        guard getuid() == 0 else { return "only root can make root directories" }
        guard let shell = try? Command.run("busybox", ["true"]), shell.status == 0 else { return "busybox is missing" }
        guard let unshared = try? Command.run("unshare", ["--mount", "--net", "true"]), unshared.status == 0 else {
            return "no namespaces can be made here"
        }
        return nil
    }()

    /// - Throws: ``Unexpected`` when it cannot be made, such as a Debian where no packages can be got.
    package init(_ contents: Contents = .shell) throws {
        scratch = try Scratch()
        switch contents {
        case .shell: try makeShell()
        case .debian(let packages): try makeDebian(packages)
        }
        // Another user works in there.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.url.path)
        try FileManager.default.createDirectory(at: vault, withIntermediateDirectories: false)
    }

    deinit {
        for mount in mounts.reversed() { _ = try? Command.run("umount", ["-l", mount]) }
    }

    private func makeShell() throws {
        for name in ["bin", "proc", "dev", "tmp"] {
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

    private func makeDebian(_ packages: [String]) throws {
        let wanted = packages.isEmpty ? [] : ["--include=\(packages.joined(separator: ","))"]
        // Of the same release as this machine, if it is one that is known; else of the current one.
        let release = try Command.run("sh", ["-c", ". /etc/os-release && echo \"${VERSION_CODENAME:-stable}\""]).text
        try require(
            "debootstrap",
            ["--variant=minbase"] + wanted + [release.trimmingCharacters(in: .newlines), scratch.url.path],
            seconds: 900)
    }

    /// Where the vault of the root is.
    package var vault: URL { scratch.url.appending(path: "vault") }

    /// Mounts something there.
    package func mount(_ program: String, _ arguments: [String]) throws {
        try require(program, arguments + [vault.path])
        mounts.append(vault.path)
    }

    private func require(_ program: String, _ arguments: [String], seconds: Double = 120) throws {
        let command = try Command.run(program, arguments, seconds: seconds)
        guard command.status == 0 else {
            throw Unexpected(description: "\(program) \(arguments): \(command.text.suffix(500)) \(command.errors)")
        }
    }
}

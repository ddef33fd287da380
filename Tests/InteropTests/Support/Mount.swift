import Foundation
import TestSupport

/// A directory where `sshfs` shows what the server has; unmounted with this object, whatever happens.
final class Mount {
    let client: Interop
    let directory: URL
    private let process: ChildProcess
    private var isOver = false

    /// Why this machine cannot mount, tried once; nil when it can.
    ///
    /// Only the kernel and its rights count: whatever else goes wrong makes the tests fail.
    static let obstacle: String? = {
        do {
            _ = try Mount(Interop("sshfs"))
            return nil
        } catch {
            let text = "\(error)"
            guard let line = text.split(separator: "\n").first(where: { $0.contains("fuse") }) else { return nil }
            try? Results.record([["sshfs", "", "skipped"]])
            return String(line)
        }
    }()

    /// Mounts the home of "alice".
    init(_ client: Interop, options: [String] = []) throws {
        self.client = client
        directory = client.url("mount")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let secret = try client.server.scratch.file("sshfs-password", Data((RunningServer.passphrase + "\n").utf8))
        let errors = try client.server.scratch.file("sshfs-errors", Data())
        let ssh = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        process = try ChildProcess(
            "sshfs",
            [
                "alice@127.0.0.1:/", directory.path, "-f", "-F", "/dev/null", "-p", client.server.port,
                "-o", (["password_stdin"] + ssh + options).joined(separator: ","),
            ], environment: client.environment,
            streams: [.reading(secret), .writing(errors), .writing(errors)])
        do {
            try waitUntil("sshfs mounts") { self.isMounted || !self.process.isRunning }
            guard isMounted else { throw Mismatch(description: "sshfs ended") }
        } catch {
            let text = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            unmount()
            throw Mismatch(description: "\(error)\n\(text)\n-- the server's log --\n\(client.server.log.suffix(3000))")
        }
    }

    deinit { unmount() }

    private var isMounted: Bool {
        let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        return mounts?.contains(" \(directory.path) fuse.sshfs ") ?? false
    }

    /// Unmounts, lazily if something still uses it, and waits for `sshfs` to end.
    func unmount() {
        // What is mounted there later is another's.
        guard !isOver else { return }
        isOver = true
        for flags in ["-u", "-uz"] where isMounted {
            for _ in 0..<20 where isMounted {
                if (try? Command.run("fusermount3", [flags, directory.path]).status) == 0 { break }
                usleep(50_000)
            }
        }
        if process.isRunning, isMounted { process.signal(SIGTERM) }
        _ = process.wait(seconds: 10)
    }

    /// Runs a script in the mount; the first command that fails ends it.
    @discardableResult
    func sh(_ script: String, seconds: Double = 120) throws -> Command {
        let git = ["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": client.server.scratch.path("home/.gitconfig")]
        return try client.passed(
            Command.run(
                "sh", ["-euxc", script], environment: client.environment.merging(git) { $1 }, in: directory,
                seconds: seconds))
    }
}

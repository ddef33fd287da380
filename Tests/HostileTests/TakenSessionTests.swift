import Foundation
import TestSupport
import Testing

/// What somebody can reach who runs code inside a session: calls are made in the real, confined process.
@Suite(.serialized) struct TakenSessionTests {
    private let server: RunningServer
    private let key: String

    init() throws {
        server = try RunningServer([("alice", "rw"), ("drop", "wo")])
        key = server.scratch.path("id")
        #expect(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
        let line = try String(contentsOfFile: key + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines)
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        let changed = text.replacing("\nname = \"alice\"", with: "\nname = \"alice\"\nauthorized_keys = [\"\(line)\"]")
        try Data(changed.utf8).write(to: server.configuration)
        for name in ["alice", "drop"] { try Data("x".utf8).write(to: server.data.appending(path: "\(name)/file.gpg")) }
    }

    private static let program = URL(filePath: RunningServer.program).deletingLastPathComponent()
        .appending(path: "InjectedCall").path

    /// Why no calls can be made in another process here; nil when they can.
    private static let obstacle: String? = {
        guard getuid() == 0 else { return "only root can trace a session" }
        guard let probe = try? Command.run("sleep", ["0"]), probe.status == 0 else { return "no processes" }
        #if arch(x86_64)
            return nil
        #else
            return "not written for this processor"
        #endif
    }()

    /// Makes the calls in a process, and returns those that did not fail.
    private func successes(_ calls: [String], in process: pid_t) throws -> [String] {
        let run = try Command.run(Self.program, ["\(process)"] + calls, seconds: 60)
        let lines = run.text.split(separator: "\n")
        #expect(run.status == 0 && lines.count == calls.count, "\(run.text)\(run.errors)")
        // 32512 is the exit status 127 of a shell that was not started.
        return lines.filter { !$0.hasSuffix(" = -1") && $0 != "system true = 32512" }.map {
            String($0.replacing(/\ = -?\d+$/, with: ""))
        }
    }

    /// Calls that must fail in every session.
    private func forbidden(_ session: pid_t, others: [String]) throws -> [String] {
        let vault = server.configuration.deletingLastPathComponent().path
        let listener = server.process.identifier
        let monitor = try #require(server.monitors.first)
        var files = [
            server.configuration.path, vault, vault + "/keys", vault + "/keys/alice/pubring.kbx",
            vault + "/hostkeys/ed25519_key", "/etc/shadow", "/root", "/tmp", "/dev/shm", "/", "/usr/bin", "/proc",
            "/proc/\(listener)/environ", "/proc/\(monitor)/environ", "/proc/\(monitor)/mem", "/proc/\(monitor)/maps",
            "/proc/\(monitor)/cmdline", "/proc/1/environ", "/dev/tty", "/dev/ptmx",
        ]
        files += others
        let named = ["/tmp/taken", server.scratch.path("taken"), vault + "/taken"]
        // 0x5412 is TIOCSTI, 0x541c TIOCLINUX, 56 clone, 59 execve, 101 ptrace, 250 keyctl, 310 process_vm_readv, 321 bpf,
        // 425 io_uring_setup, 434 pidfd_open, 438 pidfd_getfd.
        return files.map { "open \($0) 0" } + named.map { "open \($0) 0x41 0600" }
            + ["mkdir", "mkfifo"].flatMap { call in named.map { "\(call) \($0) 0700" } }
            + [
                "system true", "fork", "vfork", "execve /bin/true 0 0", "syscall 59 /bin/true 0 0",
                "syscall 56 17 0 0 0 0", "socket 1 1 0", "socket 1 2 0", "socket 2 1 0", "socket 10 2 0",
                "socket 16 3 0",
                "socketpair 1 2 0 0", "connect 0 0 16", "bind 0 0 16", "listen 3 1", "accept 3 0 0",
                "kill \(listener) 0", "kill \(monitor) 0", "kill -1 0", "tgkill \(monitor) \(monitor) 0",
                "ptrace 16 \(monitor) 0 0", "syscall 101 16 \(monitor) 0 0", "syscall 310 \(monitor) 0 0 0 0 0",
                "syscall 434 \(monitor) 0", "syscall 438 3 3 0", "syscall 425 8 0", "syscall 321 0 0 0",
                "syscall 250 0 0 0", "ioctl 0 0x5412 x", "ioctl 2 0x5412 x", "ioctl 2 0x541c x",
                "ioctl 2 0x540e 1", "unshare 0x10000000", "setns 3 0", "mount none /mnt tmpfs 0 0", "umount /proc",
                "chroot /", "symlink /etc/shadow \(server.data.path)/alice/link", "setsid", "setpgid 0 \(listener)",
                "personality 0", "memfd_create x 0", "mmap 0 4096 7 0x22 -1 0", "inotify_init", "fcntl 3 8 \(monitor)",
            ]
    }

    /// Has a session of that kind, and lists what of `calls` succeeds.
    private func reached(_ connect: () throws -> WireClient, _ calls: (pid_t) throws -> [String]) throws -> [String] {
        let wire = try connect()
        guard case .version? = try wire.initialize() else { throw Unexpected(description: "no login") }
        defer { wire.close() }
        let session = try #require(server.sessions.first)
        #expect(session != server.monitors.first)
        let found = try successes(calls(session), in: session)
        // It has survived all that.
        _ = try wire.names(in: "/")
        return found
    }

    private func other(than user: String) -> [String] {
        let name = user == "alice" ? "drop" : "alice"
        return [server.data.path, "\(server.data.path)/\(name)", "\(server.data.path)/\(name)/file.gpg"]
    }

    @Test func anOwnersSessionReachesNothing() throws {
        if let obstacle = Self.obstacle { return print("skipped: \(obstacle)") }
        let found = try reached({ try server.wire("alice") }) { try forbidden($0, others: other(than: "alice")) }
        #expect(found == [])
        // The calls are really made: this one is allowed.
        let allowed = ["open \(server.data.path)/alice/file.gpg 0", "getpid"]
        #expect(try reached({ try server.wire("alice") }) { _ in allowed } == allowed)
    }

    @Test func aWriteOnlySessionReachesNothing() throws {
        if let obstacle = Self.obstacle { return print("skipped: \(obstacle)") }
        let found = try reached({ try server.wire("drop", password: "visitor") }) {
            try forbidden($0, others: other(than: "drop"))
        }
        #expect(found == [])
    }

    @Test func aSessionByPublicKeyReachesNothing() throws {
        if let obstacle = Self.obstacle { return print("skipped: \(obstacle)") }
        let options = ["-i", key, "-oPreferredAuthentications=publickey"]
        let found = try reached({ try server.wire("alice", options: options) }) {
            try forbidden($0, others: other(than: "alice"))
        }
        #expect(found == [])
    }

    /// What it writes to standard error is logged, escaped, and reaches no terminal.
    @Test func itsStandardErrorIsLogged() throws {
        if let obstacle = Self.obstacle { return print("skipped: \(obstacle)") }
        let calls = ["write 2 taken\u{1b}[31m 10"]
        #expect(try reached({ try server.wire("drop", password: "visitor") }) { _ in calls } == calls)
        try waitUntil("the line is logged") { server.log.contains("taken") }
        #expect(server.log.contains("standard error") && !server.log.contains("\u{1b}"))
    }

    /// Bytes on the link to the listener that are no event end it, and the server goes on.
    @Test func itCannotConfuseTheListener() throws {
        if let obstacle = Self.obstacle { return print("skipped: \(obstacle)") }
        let wire = try server.wire("drop", password: "visitor")
        _ = try wire.initialize()
        _ = try successes(["write 4 garbagegarbage 14"], in: #require(server.sessions.first))
        try waitUntil("it has been killed") { server.monitors.isEmpty }
        #expect(server.log.contains("it has sent what no session sends"))
        #expect(try server.sftp("alice", "ls").status == 0)
    }

    @Test func beforeTheLoginASessionReachesNothingButTheDataDirectory() throws {
        if let obstacle = Self.obstacle { return print("skipped: \(obstacle)") }
        let connection = try RawConnection(to: server)
        defer { withExtendedLifetime(connection) {} }
        try waitUntil("the session waits for the client") {
            guard let session = server.sessions.first, session != server.monitors.first else { return false }
            let status = try? String(contentsOfFile: "/proc/\(session)/status", encoding: .utf8)
            return status?.contains("Seccomp:\t2") ?? false
        }
        let session = try #require(server.sessions.first)
        #expect(try successes(forbidden(session, others: []), in: session) == [])
    }
}

package import Foundation

/// The real program, serving a vault of its own on a port of its own, and real clients for it.
package final class RunningServer {
    package static let passphrase = "correct horse battery staple"

    package let scratch: Scratch
    /// The directory with what is stored.
    package let data: URL
    package private(set) var process: ChildProcess
    package private(set) var port = ""
    private let askPass: URL
    private let arguments: [String]
    private let environment: [String: String]
    private var outputFile: URL
    private var logFile: URL

    /// The program as it was built with these tests.
    package static var program: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "cryptsftp").path
    }

    package var configuration: URL { scratch.url.appending(path: "Configs/server.conf") }
    package var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    package var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// Makes a vault with these users, all with the same passphrase, and starts to serve it.
    ///
    /// - Parameters:
    ///   - append: lines that are added to server.conf.
    ///   - data: an empty directory that the data directory is to be, such as one on another file system.
    ///   - portableNames: whether server.conf asks for names that FAT and exFAT can hold.
    ///   - engine: who is to make and read messages; nil leaves it to the program.
    ///   - environment: added to this process's.
    package init(
        _ users: [(name: String, access: String)], append: String = "", arguments: [String] = [], data: URL? = nil,
        portableNames: Bool = false, engine: String? = TestEngine.name,
        environment: [String: String] = [:]
    ) throws {
        scratch = try Scratch()
        try TestVaults.copy(users, to: scratch.url)
        let configuration = scratch.url.appending(path: "Configs/server.conf")
        var text =
            try (engine.map { "engine = \"\($0)\"\n" } ?? "") + String(contentsOf: configuration, encoding: .utf8)
            + append
        self.data = data ?? scratch.url.appending(path: "data")
        if let data {
            text = text.replacing("data = \"../data\"", with: "data = \"\(data.path)\"")
            for user in users {
                try FileManager.default.createDirectory(
                    at: data.appending(path: user.name), withIntermediateDirectories: true)
            }
        }
        if portableNames { text = "portable_names = true\n" + text }
        try Data(text.utf8).write(to: configuration)
        askPass = try scratch.file("askpass", Data("#!/bin/sh\necho \"$TEST_PASSPHRASE\"\n".utf8), mode: 0o755)
        outputFile = try scratch.file("output", Data())
        logFile = try scratch.file("log", Data())
        self.arguments =
            ["serve", "-c", configuration.path, "--listen", "127.0.0.1:0", "--log-level", "debug"] + arguments
        self.environment = environment
        process = try ChildProcess(
            RunningServer.program, self.arguments, environment: environment,
            streams: [.null, .writing(outputFile), .writing(logFile)])
        try waitForPort()
    }

    /// Starts the server again, at another port and with an empty log; one that still runs is killed.
    package func restart() throws {
        process.signal(SIGKILL)
        _ = process.wait()
        outputFile = try scratch.file("output", Data())
        logFile = try scratch.file("log", Data())
        process = try ChildProcess(
            RunningServer.program, arguments, environment: environment,
            streams: [.null, .writing(outputFile), .writing(logFile)])
        try waitForPort()
    }

    private func waitForPort() throws {
        try waitUntil("the server announces itself") { self.output.contains("stop:") }
        let address = output.split(separator: "\n").first { $0.contains("address:") }
        port = address?.split(separator: ":").last.map(String.init) ?? ""
    }

    deinit {
        // Two is "stop now"; two of the same could arrive as one.
        for number in [SIGTERM, SIGINT] { process.signal(number) }
        _ = process.wait()
    }

    /// Runs `user add`.
    ///
    /// - Parameter environment: such as that of ``QuickGnuPG``.
    @discardableResult
    package static func add(
        _ name: String, _ access: String, to vault: URL, environment: [String: String] = [:]
    ) throws -> Command {
        try Command.run(
            program,
            [
                "user", "add", name, "--access", access, "-c", vault.appending(path: "Configs/server.conf").path,
                "--passphrase-file",
                "-",
            ],
            input: Data((passphrase + "\n").utf8), environment: environment)
    }

    /// The monitors that run now, one for each connection.
    package var monitors: [pid_t] { ProcessTable.children(of: process.identifier) }

    /// The session processes that run now; for a connection without one, which begins or ends, its monitor.
    package var sessions: [pid_t] {
        monitors.map { session(of: $0) }
    }

    /// The session of a monitor; the monitor itself when it has none.
    package func session(of monitor: pid_t) -> pid_t {
        ProcessTable.children(of: monitor).first { ProcessTable.arguments(of: $0).last == "session" } ?? monitor
    }

    /// What makes OpenSSH's clients ask nothing but the password, and leave nothing behind.
    package var sshOptions: [String] {
        [
            "-oBatchMode=no", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR",
            "-oIdentitiesOnly=yes", "-oNumberOfPasswordPrompts=1", "-F", "none",
        ]
    }

    /// What makes OpenSSH's clients take the password without a terminal.
    package func environment(password: String = RunningServer.passphrase) -> [String: String] {
        ["SSH_ASKPASS": askPass.path, "SSH_ASKPASS_REQUIRE": "force", "TEST_PASSPHRASE": password]
    }

    /// Runs commands with OpenSSH's `sftp`, in the directory of the test; the first that fails ends it.
    ///
    /// - Parameter port: where to connect to instead, such as a ``FaultyWire``.
    package func sftp(
        _ user: String, _ commands: String, password: String = RunningServer.passphrase, options: [String] = [],
        port: String? = nil
    ) throws -> Command {
        try Command.run(
            "sftp", sshOptions + options + ["-P", port ?? self.port, "-b", "-", "\(user)@127.0.0.1"],
            input: Data((commands + "\n").utf8), environment: environment(password: password), in: scratch.url,
            seconds: 300)
    }

    /// Starts such an `sftp`, and leaves it running while the test goes on.
    package func startSFTP(_ user: String, _ commands: String) throws -> ChildProcess {
        let batch = try scratch.file("batch-\(UUID().uuidString)", Data((commands + "\n").utf8))
        return try ChildProcess(
            "sftp", sshOptions + ["-P", port, "-b", batch.path, "\(user)@127.0.0.1"], environment: environment(),
            in: scratch.url)
    }

    /// Runs OpenSSH's `scp`; `remote:` in an argument stands for the user and the address.
    package func scp(
        _ user: String, _ arguments: [String], password: String = RunningServer.passphrase
    ) throws -> Command {
        try Command.run(
            "scp", sshOptions + ["-P", port] + arguments.map { $0.replacing("remote:", with: "\(user)@127.0.0.1:") },
            environment: environment(password: password), in: scratch.url)
    }

    /// Runs OpenSSH's `ssh` with these arguments after the address.
    package func ssh(
        _ user: String, _ arguments: [String], input: Data? = nil, password: String = RunningServer.passphrase
    ) throws -> Command {
        try Command.run(
            "ssh", sshOptions + ["-p", port, "\(user)@127.0.0.1"] + arguments, input: input,
            environment: environment(password: password), in: scratch.url, seconds: 30)
    }

    /// Opens the subsystem and leaves the protocol to the test.
    ///
    /// - Parameter port: where to connect to instead, such as a ``FaultyWire``.
    package func wire(
        _ user: String, password: String = RunningServer.passphrase, options: [String] = [], port: String? = nil
    ) throws -> WireClient {
        try Door(options: sshOptions + options, port: port ?? self.port, environment: environment())
            .wire(user, password: password)
    }

    /// What it takes to connect to it from another thread.
    package var door: Door { Door(options: sshOptions, port: port, environment: environment()) }

    package struct Door: Sendable {
        let options: [String]
        let port: String
        let environment: [String: String]

        /// Opens the subsystem and leaves the protocol to the test.
        package func wire(_ user: String, password: String = RunningServer.passphrase) throws -> WireClient {
            try WireClient(
                options + ["-p", port, "-s", "\(user)@127.0.0.1", "sftp"],
                environment: environment.merging(["TEST_PASSPHRASE": password]) { $1 })
        }
    }

    /// The names of the directories that visits to a write-only account have made.
    package func visits(_ user: String = "drop") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: data.appending(path: user).path)
            .filter { $0.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d\.\d\d [a-z2-7]{4}/) != nil }.sorted()
    }

    /// The path below the data directory of the only visit to a write-only account.
    package func visit(_ user: String = "drop") throws -> String {
        let all = try visits(user)
        guard let only = all.first, all.count == 1 else { throw Unexpected(description: "visits: \(all)") }
        return "\(user)/\(only)"
    }

    /// Opens the subsystem as one more channel of a connection that its first channel made.
    ///
    /// - Parameter connection: a name for it.
    package func wire(_ user: String, sharing connection: String) throws -> WireClient {
        let control = scratch.path(connection)
        let options = ["-oControlMaster=auto", "-oControlPath=\(control)", "-oControlPersist=no"]
        return try WireClient(
            sshOptions + options + ["-p", port, "-s", "\(user)@127.0.0.1", "sftp"], environment: environment())
    }

    /// Decrypts a stored file with stock gpg and the user's key directory, as somebody without this program would.
    package func recover(_ stored: String, user: String = "alice") throws -> Command {
        let keys = scratch.url.appending(path: "Configs/keys/\(user)")
        defer { _ = try? Command.run("gpgconf", ["--homedir", keys.path, "--kill", "all"]) }
        return try Command.run(
            "gpg",
            [
                "--homedir", keys.path, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase",
                RunningServer.passphrase, "--decrypt", data.appending(path: stored).path,
            ])
    }
}

/// Waits for something that happens soon.
///
/// - Throws: when it has not happened after `seconds`.
package func waitUntil(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
    let end = Date().addingTimeInterval(seconds)
    while try !condition() {
        guard Date() < end else { throw Timeout(description: "waited \(seconds) s in vain: \(what)") }
        usleep(20_000)
    }
}

package struct Timeout: Error, CustomStringConvertible {
    package let description: String
}

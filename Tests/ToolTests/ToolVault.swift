import Foundation
import TestSupport
import Testing

/// A vault of a test's own, without a server, and the program to work on it.
final class ToolVault {
    let scratch: Scratch
    let passphraseFile: URL

    init(_ users: [(name: String, access: String)] = [("alice", "rw")]) throws {
        scratch = try Scratch()
        passphraseFile = try scratch.file("passphrase", Data((RunningServer.passphrase + "\n").utf8), mode: 0o600)
        try TestVaults.copy(users, to: scratch.url)
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try Data(TestVaults.useTestKeys(for: users.map(\.name), in: scratch.url, text).utf8).write(to: configuration)
    }

    var configuration: URL { scratch.url.appending(path: "Configs/server.conf") }
    var keys: URL { scratch.url.appending(path: "Configs/keys/alice") }
    func stored(_ path: String, of user: String = "alice") -> URL {
        scratch.url.appending(path: "data/\(user)/\(path)")
    }

    /// Runs a tool in the test's directory; `-c` is added.
    func run(_ tool: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> Command {
        try Command.run(
            RunningServer.program, [tool] + arguments + ["-c", configuration.path], environment: environment,
            in: scratch.url)
    }

    /// The same with the passphrase.
    func unlocked(_ tool: String, _ arguments: [String] = []) throws -> Command {
        try run(tool, arguments + ["--passphrase-file", passphraseFile.path])
    }

    /// Starts a tool and leaves it running; what it prints is not kept.
    func start(_ tool: String, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(RunningServer.program, [tool] + arguments + ["-c", configuration.path], in: scratch.url)
    }

    /// Makes an ordinary file, and the directories it is in.
    @discardableResult
    func plain(_ path: String, _ contents: Data, mode: Int = 0o644, modified: Int = 1_700_000_000) throws -> URL {
        let file = scratch.url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: file)
        try FileManager.default.setAttributes(
            [.posixPermissions: mode, .modificationDate: Date(timeIntervalSince1970: Double(modified))],
            ofItemAtPath: file.path)
        return file
    }

    /// Makes an ordinary file that is mostly a hole, and takes no time.
    func large(_ path: String, _ megabytes: UInt64) throws {
        let file = try FileHandle(forWritingTo: plain(path, Data("start".utf8)))
        try file.truncate(atOffset: megabytes << 20)
        try file.close()
    }

    /// Stores files with contents, as an upload would.
    func store(_ files: [String: Data]) throws {
        for (path, contents) in files { try plain("new/\(path)", contents) }
        let names = Set(files.keys.compactMap { $0.split(separator: "/").first }).sorted()
        let run = try run("encrypt", names.map { "new/\($0)" } + ["--to", "alice"])
        try #require(run.status == 0, "\(run.errors)")
        try FileManager.default.removeItem(at: scratch.url.appending(path: "new"))
    }

    /// Changes one byte of a stored file, and not its time.
    func damage(_ path: String, at place: Int) throws {
        let file = stored("\(path).gpg")
        var contents = try Data(contentsOf: file)
        contents[place < 0 ? contents.count + place : place] ^= 1
        try contents.write(to: file)
    }

    /// Decrypts a stored file with stock gpg.
    func recover(_ path: String) throws -> Data {
        let run = try TestKeys.gpg(TestKeys.shared.get().directory, ["--decrypt", stored(path).path])
        try #require(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Stores a file that stock gpg encrypts, framed and compressed as it likes.
    func gpg(_ path: URL, _ contents: Data, _ options: [String] = []) throws {
        let key = try TestKeys.shared.get()
        let source = try scratch.file("gpg-source", contents)
        let run = try TestKeys.gpg(
            key.directory, options + ["--recipient", key.fingerprint, "--output", path.path, "--encrypt", source.path])
        try #require(run.status == 0, "\(run.errors)")
    }

    /// All names below a directory of the test.
    func names(in path: String) -> Set<String> {
        Set((try? FileManager.default.subpathsOfDirectory(atPath: scratch.path(path))) ?? [])
    }

    /// Whether nothing is left of what was begun.
    var isSwept: Bool { names(in: "data/.cryptsftp-drafts").isEmpty }
}

/// What `stat` tells of a file.
struct FileFacts: Equatable {
    let modified: Int
    let mode: mode_t
    let size: Int

    init(modified: Int, mode: mode_t, size: Int) {
        self.modified = modified
        self.mode = mode
        self.size = size
    }

    init(_ file: URL) throws {
        var status = stat()
        try #require(lstat(file.path, &status) == 0, "\(file.path)")
        self.init(modified: status.st_mtim.tv_sec, mode: status.st_mode & 0o777, size: Int(status.st_size))
    }
}

import Foundation
import TestSupport

/// A fresh server with a vault of its own, and one client that works against it.
///
/// Whatever the client keeps (home, configuration, cache) lies in the scratch directory of the test, which is also
/// where it runs. Everything here throws when something is not as it should be: what `shown` records has been seen to
/// the end.
final class Interop {
    let client: String
    let server: RunningServer

    /// The path of one of this target's scripts.
    static func script(_ name: String) -> String { Checkout.path("Tests/InteropTests/Scripts/\(name)") }

    /// - Parameter append: lines that are added to server.conf.
    init(
        _ client: String, users: [(name: String, access: String)] = [("alice", "rw")], append: String = ""
    ) throws {
        self.client = client
        server = try RunningServer(users, append: append)
        // The second is short: gvfs puts sockets into it, whose paths are limited.
        for directory in ["home", "run", "home/.ssh", "home/tmp"] {
            try FileManager.default.createDirectory(
                at: url(directory), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    /// What keeps a client away from its user's own files.
    var environment: [String: String] {
        let home = server.scratch.path("home")
        return [
            "HOME": home, "XDG_CONFIG_HOME": home + "/.config", "XDG_CACHE_HOME": home + "/.cache",
            "XDG_DATA_HOME": home + "/.local/share", "XDG_STATE_HOME": home + "/.local/state",
            "XDG_RUNTIME_DIR": server.scratch.path("run"), "TMPDIR": home + "/tmp", "LFTP_HOME": home + "/.lftp",
            "LC_ALL": "C.UTF-8", "SSH_AUTH_SOCK": "",
        ]
    }

    func url(_ name: String) -> URL { server.scratch.url.appending(path: name) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

    /// Runs the client to its end.
    ///
    /// - Throws: `Mismatch` when it fails, with all it has printed and the server's log.
    @discardableResult
    func run(
        _ program: String, _ arguments: [String], input: String? = nil, adding: [String: String] = [:],
        seconds: Double = 120
    ) throws -> Command {
        try passed(
            Command.run(
                program, arguments, input: input.map { Data($0.utf8) }, environment: environment.merging(adding) { $1 },
                in: server.scratch.url, seconds: seconds),
            ([program] + arguments).joined(separator: " "))
    }

    /// Runs the client, which is to fail.
    func refuses(
        _ program: String, _ arguments: [String], input: String? = nil, adding: [String: String] = [:]
    ) throws -> Command {
        let run = try Command.run(
            program, arguments, input: input.map { Data($0.utf8) }, environment: environment.merging(adding) { $1 },
            in: server.scratch.url)
        try require(run.status != 0, "\(program) \(arguments) succeeded: \(run.text)")
        return run
    }

    /// Throws for a client that has failed.
    @discardableResult
    func passed(_ run: Command, _ line: String = "") throws -> Command {
        try require(
            run.status == 0,
            "\(line)\nexit code \(run.status)\n\(run.errors.suffix(6000))\n\(run.text.suffix(3000))")
        return run
    }

    /// Throws, with the end of the server's log, unless something holds.
    func require(_ holds: Bool, _ what: @autoclosure () throws -> String) throws {
        guard !holds else { return }
        throw Mismatch(description: "\(client): \(try what())\n-- the server's log --\n\(server.log.suffix(6000))")
    }

    /// Throws unless a stored file, opened with stock gpg, has these contents.
    func requireStored(_ name: String, _ contents: Data, user: String = "alice") throws {
        let run = try passed(server.recover("\(user)/\(name).gpg", user: user), "gpg --decrypt \(name)")
        try require(run.output == contents, "\(name) is stored with \(run.output.count) bytes of \(contents.count)")
    }

    /// Throws unless a file of the scratch directory has these contents.
    func requireLocal(_ name: String, _ contents: Data) throws {
        let local = try bytes(name)
        try require(local == contents, "\(name) came back with \(local.count) bytes of \(contents.count)")
    }

    /// Throws unless two directories have the same files.
    func requireSame(_ one: String, _ other: String) throws {
        let run = try Command.run("diff", ["-r", one, other], in: server.scratch.url)
        try require(run.status == 0, "diff -r \(one) \(other)\n\(run.text.suffix(3000))\(run.errors)")
    }

    /// Makes a directory with directories, an empty one too, and files of many sizes, with names that are not plain.
    func makeTree(_ name: String) throws {
        for directory in ["", "a", "a/b", "with space"] {
            try FileManager.default.createDirectory(
                at: url("\(name)/\(directory)"), withIntermediateDirectories: true)
        }
        let sizes = [
            "empty": 0, "one": 1, "a/small": 1000, "a/b/block": 32768, "with space/more than a block": 70_001,
            "a/grün": 300_000, "a/b/large": 3 << 20,
        ]
        for (index, (path, size)) in sizes.sorted(by: { $0.key < $1.key }).enumerated() {
            let file = url("\(name)/\(path)")
            try Data.random(size, seed: UInt64(index + 1)).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_400_000_000 + Double(index) * 1000)],
                ofItemAtPath: file.path)
        }
    }

    /// The time of a file's last change, in whole seconds.
    func modified(_ url: URL) throws -> Int {
        let date = try FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date
        return Int(date?.timeIntervalSince1970 ?? 0)
    }

    /// The first number with a dot that a program prints about itself, from the word `name` on.
    func version(_ program: String, _ arguments: [String], name: String = "") throws -> String {
        let run = try Command.run(program, arguments, environment: environment)
        let text = run.text + run.errors
        let start = name.isEmpty ? text.startIndex : text.range(of: name)?.upperBound ?? text.endIndex
        return text[start...].firstMatch(of: /[0-9]+\.[0-9][^\s,|]*/).map { String($0.0) } ?? "?"
    }

    /// Records what has been seen to work, for the table in README.md.
    func shown(_ version: @autoclosure () throws -> String, _ jobs: String...) throws {
        try Results.record(jobs.map { [client, try version(), $0] })
    }

    /// Records that a job of the table in README.md is not in this run.
    func leavesToFullRuns(_ job: String) throws {
        try Results.record([[client, "", "full run: \(job)"]])
    }
}

/// What was not as it should be.
struct Mismatch: Error, CustomStringConvertible {
    let description: String
}

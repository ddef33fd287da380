import Foundation
import TestSupport
import Testing

/// A vault of a test's own, and the program to work on its users and keys.
final class KeyVault {
    static let passphrase = RunningServer.passphrase
    static let newPassphrase = "another horse in the stable"

    let scratch: Scratch
    private let directory: URL
    /// Where ``copyKeys()`` has put them, and what was there to copy.
    private var copy: URL { directory.appending(path: "reader") }
    private var copied: [String: Data] = [:]

    /// - Parameter quick: whether the users' keys are protected by a passphrase that is stretched little.
    init(_ users: [(name: String, access: String)] = [("alice", "rw")], quick: Bool = true) throws {
        scratch = try Scratch()
        directory = scratch.url
        try TestVaults.copy(users, to: directory)
        guard quick else { return }
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try Data(TestVaults.useTestKeys(for: users.map(\.name), in: directory, text).utf8).write(to: configuration)
    }

    var configuration: URL { directory.appending(path: "Configs/server.conf") }
    var keys: URL { directory.appending(path: "Configs/keys/alice") }
    var data: URL { directory.appending(path: "data/alice") }
    var drafts: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory.appending(path: "data/.cryptsftp-drafts").path))
            ?? []
    }

    func text() throws -> String { try String(contentsOf: configuration, encoding: .utf8) }

    /// The line of server.conf that sets `key` for the first user.
    func line(_ key: String) throws -> String? {
        try text().split(separator: "\n").first { $0.hasPrefix("\(key) = ") }.map(String.init)
    }

    /// The arguments of a run: `-c` and files with passphrases are added.
    func arguments(_ arguments: [String], passphrase: String? = nil, new: String? = nil) throws -> [String] {
        var line = arguments + ["-c", configuration.path]
        if let passphrase {
            line += ["--passphrase-file", try scratch.file("passphrase", Data("\(passphrase)\n".utf8)).path]
        }
        if let new {
            line += ["--new-passphrase-file", try scratch.file("new-passphrase", Data("\(new)\n".utf8)).path]
        }
        return line
    }

    func run(
        _ arguments: [String], passphrase: String? = nil, new: String? = nil, environment: [String: String] = [:]
    ) throws -> Command {
        try Command.run(
            RunningServer.program, self.arguments(arguments, passphrase: passphrase, new: new),
            environment: QuickGnuPG.environment.merging(environment) { $1 }, in: directory)
    }

    /// The last line of JSON that a run has printed.
    func summary(_ run: Command) throws -> [String: Any] {
        try #require(try run.json().last, "\(run.text)\(run.errors)")
    }

    /// Runs stock gpg on the user's key directory.
    func gpg(_ arguments: [String], passphrase: String = KeyVault.passphrase, input: Data? = nil) throws -> Command {
        try gpg(in: keys, arguments, passphrase: passphrase, input: input)
    }

    private func gpg(in home: URL, _ arguments: [String], passphrase: String, input: Data? = nil) throws -> Command {
        defer { _ = try? Command.run("gpgconf", ["--homedir", home.path, "--kill", "all"]) }
        let secret = try scratch.file("gpg-passphrase", Data(passphrase.utf8))
        return try Command.run(
            "gpg",
            [
                "--homedir", home.path, "--batch", "--yes", "--quiet", "--trust-model", "always", "--pinentry-mode",
                "loopback", "--passphrase-file", secret.path,
            ] + arguments, input: input)
    }

    /// Opens stored files with stock gpg, and the secret keys that are in the user's directory now.
    ///
    /// - Returns: those that gpg opens and finds intact.
    func open(_ paths: some Collection<String>) throws -> [String: StockGPG.Opened] {
        try copyKeys()
        return try StockGPG.open(
            Dictionary(uniqueKeysWithValues: paths.map { ($0, data.appending(path: $0)) }), home: copy)
    }

    /// Copies the keys to where their passphrase is stretched little: gpg would pay for that again with every file.
    private func copyKeys() throws {
        let source = try KeyVault.snapshot(keys).filter { $0.key == "pubring.kbx" || $0.key.hasSuffix(".key") }
        guard source != copied else { return }
        try FileManager.default.createDirectory(
            at: copy.appending(path: "private-keys-v1.d"), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: copy.path)
        try Data("s2k-count 65536\n".utf8).write(to: copy.appending(path: "gpg-agent.conf"))
        for name in copied.keys where source[name] == nil {
            try FileManager.default.removeItem(at: copy.appending(path: name))
        }
        for (name, contents) in source where contents != copied[name] {
            try contents.write(to: copy.appending(path: name))
        }
        copied = source
        for part in try parts() where part.kind == "pub" {
            let changed = try gpg(in: copy, ["--passwd", part.fingerprint], passphrase: KeyVault.passphrase)
            try #require(changed.status == 0, "\(changed.errors)")
        }
    }

    /// Stores a file as stock gpg encrypts it to a key of the user's directory.
    func store(_ path: String, _ contents: Data, to recipient: String = "tester") throws {
        try store([path: contents], to: recipient)
    }

    /// Stores files as one stock gpg encrypts them to a key of the user's directory; those in `b` directories are only
    /// to be read.
    func store(_ files: [String: Data], to recipient: String = "tester") throws {
        let plain = try Scratch()
        let numbered = files.sorted { $0.key < $1.key }.enumerated()
        for (number, file) in numbered { try plain.file("\(number)", file.value) }
        let made = try gpg(
            ["--compress-algo", "none", "--recipient", recipient, "--encrypt-files"]
                + numbered.map { plain.path("\($0.offset)") })
        try #require(made.status == 0, "\(made.errors)")
        for (number, (path, _)) in numbered {
            let file = data.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: plain.url.appending(path: "\(number).gpg"), to: file)
            try FileManager.default.setAttributes(
                [
                    .posixPermissions: KeyVault.mode(path),
                    .modificationDate: Date(timeIntervalSince1970: 1_600_000_000.25),
                ], ofItemAtPath: file.path)
        }
    }

    /// The permissions of a stored file.
    static func mode(_ path: String) -> Int { path.contains("b/") ? 0o400 : 0o640 }

    /// The fingerprints of the key's parts: `pub` and `sub` with the fingerprint that follows each.
    func parts() throws -> [(kind: String, fingerprint: String)] {
        var parts: [(String, String)] = []
        var kind = ""
        for line in try gpg(["--list-keys", "--with-colons"]).text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if fields[0] == "fpr" { parts.append((kind, fields[9])) } else { kind = fields[0] }
        }
        return parts
    }

    /// All below a directory with their bytes, to compare.
    static func snapshot(_ directory: URL) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: directory.path) ?? .init() {
            let file = directory.appending(path: name)
            // Sockets that a stock gpg has left are no files.
            guard
                try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType == .typeRegular
            else { continue }
            contents[name] = try Data(contentsOf: file)
        }
        return contents
    }
}

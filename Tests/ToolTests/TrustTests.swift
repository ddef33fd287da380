import Foundation
import TestSupport
import Testing

/// `trust`: a machine that remembers a vault stops when its keys have changed.
@Suite(.serialized) struct TrustTests {
    private let vault: ToolVault
    /// The state directory of the machine.
    private let machine: Scratch
    private var environment: [String: String] { ["XDG_STATE_HOME": machine.path("state")] }
    private var known: URL { machine.url.appending(path: "state/cryptsftp/known-vaults.json") }
    private var identifier: URL { vault.scratch.url.appending(path: "Configs/vault-id") }

    init() throws {
        vault = try ToolVault([("alice", "rw"), ("drop", "wo")])
        machine = try Scratch()
    }

    private func run(_ tool: String, _ arguments: [String] = []) throws -> Command {
        try vault.run(tool, arguments, environment: environment)
    }

    private func encrypt(to user: String = "alice") throws -> Command {
        try vault.plain("secret.txt", Data("secret".utf8))
        return try run("encrypt", ["secret.txt", "--to", user, "--force"])
    }

    /// Whether `serve` gets as far as to announce itself.
    private func serves() throws -> (isServing: Bool, errors: String) {
        let (output, errors) = try (vault.scratch.file("out", Data()), vault.scratch.file("err", Data()))
        let process = try ChildProcess(
            RunningServer.program, ["serve", "-c", vault.configuration.path, "--listen", "127.0.0.1:0"],
            environment: environment, streams: [.null, .writing(output), .writing(errors)])
        func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
        try waitUntil("it serves or ends") { text(output).contains("stop:") || !process.isRunning }
        let isServing = process.isRunning
        process.signal(SIGTERM)
        _ = process.wait()
        return (isServing, text(errors))
    }

    @Test func nothingIsRememberedUnlessAsked() throws {
        #expect(try encrypt().status == 0)
        #expect(try run("trust", ["--list"]).text.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: machine.path("state")))
        #expect(!FileManager.default.fileExists(atPath: identifier.path))
    }

    @Test func aChangedKeyStopsIt() throws {
        #expect(try run("trust").status == 0)
        #expect(try FileFacts(known).mode == 0o600 && FileFacts(known.deletingLastPathComponent()).mode == 0o700)
        #expect(try encrypt().status == 0 && serves().isServing)
        let good = try Data(contentsOf: vault.configuration)
        let provider = try ProviderKey()
        let keys = vault.scratch.url.appending(path: "Configs/keys/drop")
        try provider.addPublicKey(to: keys)
        try provider.use(for: "drop", in: vault.configuration)
        let refused = try encrypt(to: "drop")
        #expect(refused.status == 17 && refused.errors.contains("the key of drop was"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: vault.stored("secret.txt.gpg", of: "drop").path))
        let server = try serves()
        #expect(!server.isServing && server.errors.contains("the key of drop was"), "\(server.errors)")
        // Who says that it is right ends that.
        let findings = try run("doctor", ["--json"]).json()
        #expect(findings.contains { $0["check"] as? String == "trust" && $0["severity"] as? String == "problem" })
        let again = try run("trust")
        #expect(again.status == 0 && again.errors.contains("the key of drop was"), "\(again.errors)")
        #expect(try serves().isServing)
        #expect(try encrypt(to: "drop").status == 0)
        try good.write(to: vault.configuration)
        #expect(try encrypt(to: "drop").status == 17)
    }

    @Test func aChangedHostKeyStopsIt() throws {
        #expect(try run("trust").status == 0)
        let key = vault.scratch.url.appending(path: "Configs/hostkeys/ed25519_key")
        try FileManager.default.removeItem(at: key)
        try #require(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key.path]).status == 0)
        let server = try serves()
        #expect(!server.isServing && server.errors.contains("host key"), "\(server.errors)")
        #expect(try encrypt().status == 17)
    }

    /// A subkey that was retired, put back as the one in use.
    @Test func aRetiredSubkeyStopsIt() throws {
        #expect(try run("trust").status == 0)
        let before = try ["pubring.kbx", "confirmed.toml"].map { name in
            (name, try Data(contentsOf: vault.keys.appending(path: name)))
        }
        let rotated = try Command.run(
            RunningServer.program,
            ["rotate", "alice", "-c", vault.configuration.path, "--passphrase-file", vault.passphraseFile.path],
            environment: QuickGnuPG.environment.merging(environment) { $1 })
        // The command that has the passphrase remembers what it has changed itself.
        #expect(rotated.status == 0, "\(rotated.errors)")
        #expect(try encrypt().status == 0)
        // All as it was at one time: nothing in the vault tells.
        for (name, contents) in before { try contents.write(to: vault.keys.appending(path: name)) }
        let refused = try encrypt()
        #expect(refused.status == 17 && refused.errors.contains("the subkey"), "\(refused.errors)")
    }

    @Test func aVaultIsKnownByItsIdAndByItsPlace() throws {
        #expect(try run("trust").status == 0)
        // It may be mounted elsewhere, and is checked there.
        let moved = try Scratch()
        for part in ["Configs", "data"] {
            try FileManager.default.copyItem(
                at: vault.scratch.url.appending(path: part), to: moved.url.appending(path: part))
        }
        let configuration = moved.path("Configs/server.conf")
        func encryptThere() throws -> Command {
            try Command.run(
                RunningServer.program,
                ["encrypt", moved.file("f", Data("x".utf8)).path, "--to", "alice", "--force", "-c", configuration],
                environment: environment)
        }
        #expect(try encryptThere().status == 0)
        try ProviderKey().addPublicKey(to: moved.url.appending(path: "Configs/keys/alice"))
        #expect(try encryptThere().status == 0)
        let provider = try ProviderKey()
        try provider.addPublicKey(to: moved.url.appending(path: "Configs/keys/alice"))
        try provider.use(for: "alice", in: URL(filePath: configuration))
        #expect(try encryptThere().status == 17)
        // Another id where a known vault was, or none, is no unknown vault.
        let id = try Data(contentsOf: identifier)
        for other in [Data(), Data(String(repeating: "0", count: 32).utf8)] {
            try other.write(to: identifier)
            let refused = try encrypt()
            #expect(refused.status == 17 && refused.errors.contains("vault-id"), "\(refused.errors)")
        }
        try FileManager.default.removeItem(at: identifier)
        #expect(try !serves().isServing)
        try id.write(to: identifier)
        #expect(try encrypt().status == 0)
    }

    @Test func listAndForget() throws {
        #expect(try run("trust").status == 0)
        let listed = try run("trust", ["--list", "--json"]).json()
        #expect(listed.count == 1 && (listed.first?["users"] as? [String: Any])?.count == 2, "\(listed)")
        #expect(try run("trust", ["--forget"]).text.contains("Forgot"))
        #expect(try run("trust", ["--list"]).text.isEmpty)
        #expect(try run("trust", ["--forget"]).errors.contains("does not remember"))
        // What cannot be understood is not "nothing to remember".
        try Data("not JSON".utf8).write(to: known)
        let refused = try encrypt()
        #expect(refused.status == 17 && refused.errors.contains("known-vaults.json"), "\(refused.errors)")
    }

    @Test func aNewUserIsANote() throws {
        #expect(try run("trust").status == 0)
        let added = try Command.run(
            RunningServer.program,
            ["user", "add", "carl", "-c", vault.configuration.path, "--passphrase-file", vault.passphraseFile.path],
            environment: QuickGnuPG.environment.merging(environment) { $1 })
        #expect(added.status == 0, "\(added.errors)")
        let server = try serves()
        #expect(server.isServing && server.errors.contains("carl is new to this machine"), "\(server.errors)")
    }
}

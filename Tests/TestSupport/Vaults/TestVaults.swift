package import Foundation
private import Synchronization

/// Vaults made once by the real `user add`, with a ``QuickGnuPG``, and copied for every test that wants a fresh one.
package enum TestVaults {
    private static let made = Mutex<[String: URL]>([:])

    /// Where all tests of this process keep what they share; removed when it ends.
    package static let directory: URL = {
        let directory = FileManager.default.temporaryDirectory.appending(path: "testing-cryptsftp-shared-\(getpid())")
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: TestVaults.directory) }
        return directory
    }()

    /// Copies a vault with these users into `target`, which exists.
    package static func copy(_ users: [(name: String, access: String)], to target: URL) throws {
        let name = users.map { "\($0.name)-\($0.access)" }.joined(separator: "+")
        let vault = try made.withLock { made in
            if let vault = made[name] { return vault }
            let vault = directory.appending(path: "vault-\(name)")
            for user in users {
                let run = try RunningServer.add(
                    user.name, user.access, to: vault, environment: QuickGnuPG.environment)
                guard run.status == 0 else { throw Timeout(description: run.errors) }
            }
            made[name] = vault
            return vault
        }
        for part in ["Configs", "data"] {
            try FileManager.default.copyItem(at: vault.appending(path: part), to: target.appending(path: part))
        }
    }

    private static let confirmed = Mutex<[String: Data]>([:])

    /// Gives users of a vault the key of ``TestKeys`` in place of theirs, and has the passphrase confirm that.
    ///
    /// - Parameter configuration: the text of server.conf.
    /// - Returns: the text that names the other key.
    package static func useTestKeys(for users: [String], in vault: URL, _ configuration: String) throws -> String {
        let key = try TestKeys.shared.get()
        for user in users {
            for part in ["pubring.kbx", "private-keys-v1.d"] {
                let copy = vault.appending(path: "Configs/keys/\(user)/\(part)")
                try FileManager.default.removeItem(at: copy)
                try FileManager.default.copyItem(at: key.directory.appending(path: part), to: copy)
            }
        }
        let text = configuration.replacing(/(?m)^key = ".*"$/, with: "key = \"\(key.fingerprint)\"")
        for user in users { try confirm(user, in: vault, text) }
        return text
    }

    /// Runs `user confirm` once for each text; vaults with the same text get the same record.
    private static func confirm(_ user: String, in vault: URL, _ text: String) throws {
        let record = vault.appending(path: "Configs/keys/\(user)/confirmed.toml")
        if let made = confirmed.withLock({ $0["\(user)\n\(text)"] }) { return try made.write(to: record) }
        let configuration = vault.appending(path: "Configs/server.conf")
        try Data(text.utf8).write(to: configuration)
        let run = try Command.run(
            RunningServer.program,
            ["user", "confirm", user, "-c", configuration.path, "--passphrase-file", "-"],
            input: Data((TestKeys.passphrase + "\n").utf8))
        guard run.status == 0 else { throw Timeout(description: run.errors) }
        let made = try Data(contentsOf: record)
        confirmed.withLock { $0["\(user)\n\(text)"] = made }
    }
}

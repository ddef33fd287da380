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

    /// Gives users of a vault the key of ``TestKeys`` in place of theirs.
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
        return configuration.replacing(/(?m)^key = ".*"$/, with: "key = \"\(key.fingerprint)\"")
    }
}

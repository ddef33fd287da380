package import Foundation
private import Synchronization

/// Vaults made once by the real `user add`, and copied for every test that wants a fresh one.
package enum TestVaults {
    private static let made = Mutex<[String: URL]>([:])

    /// Where all tests of this process keep what they share; removed when it ends.
    package static let folder: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "testing-cryptsftp-shared-\(getpid())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: TestVaults.folder) }
        return folder
    }()

    /// Copies a vault with these users into `target`, which exists.
    static func copy(_ users: [(name: String, access: String)], to target: URL) throws {
        let name = users.map { "\($0.name)-\($0.access)" }.joined(separator: "+")
        let vault = try made.withLock { made in
            if let vault = made[name] { return vault }
            let vault = folder.appending(path: "vault-\(name)")
            for user in users {
                let run = try RunningServer.add(user.name, user.access, to: vault)
                guard run.status == 0 else { throw Timeout(description: run.errors) }
            }
            made[name] = vault
            return vault
        }
        for part in ["Configs", "data"] {
            try FileManager.default.copyItem(at: vault.appending(path: part), to: target.appending(path: part))
        }
    }
}

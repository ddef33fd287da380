package import Foundation
package import OpenPGP

/// The settings of a valid server.conf.
package struct Configuration: Sendable {
    /// The path of the file; the paths in it are relative to its directory.
    package let file: URL
    /// The text of the file.
    ///
    /// The listener passes it to sessions, so that all have the same settings.
    package let text: String
    package var listen: ListenAddress
    package let data: URL
    /// The `data` of a file that does not set it.
    static let standardData = "data"
    /// Whether stored names suit FAT, exFAT and NTFS on every file system, so that the directory can be copied there.
    package let portableNames: Bool
    /// The engine that encrypts and decrypts files.
    package let engine: EngineKind
    package let limits: ServerLimits
    package let accounts: [Account]
    /// Settings that are there and have no effect.
    package let warnings: [String]

    package var directory: URL { file.deletingLastPathComponent() }
    package var hostKeys: URL { directory.appending(path: "hostkeys") }
    package func keyDirectory(of user: String) -> URL { directory.appending(path: "keys").appending(path: user) }

    package func account(named name: String) -> Account? { accounts.first { $0.name == name } }

    /// The directory with a user's files.
    package func directory(of account: Account) -> URL {
        account.home == "." ? data : data.appending(path: account.home)
    }
}

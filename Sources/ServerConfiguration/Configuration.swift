package import Foundation
package import OpenPGP

/// A server.conf that has been read and found good.
package struct Configuration: Sendable {
    /// Where the file is; what it names is relative to its directory.
    package let file: URL
    /// The text it was read from: sessions get it from the listener, so that all see the same.
    package let text: String
    package var listen: ListenAddress
    package let data: URL
    /// Whether stored names are to suit FAT, exFAT and NTFS wherever they are, so that the directory can be copied
    /// there.
    package let portableNames: Bool
    /// Who is to make and read messages.
    package let engine: EngineKind
    package let limits: ServerLimits
    package let accounts: [Account]

    package var directory: URL { file.deletingLastPathComponent() }
    package var hostKeys: URL { directory.appending(path: "hostkeys") }
    package func keyDirectory(of user: String) -> URL { directory.appending(path: "keys").appending(path: user) }

    package func account(named name: String) -> Account? { accounts.first { $0.name == name } }

    /// Where the files of a user are.
    package func directory(of account: Account) -> URL {
        account.home == "." ? data : data.appending(path: account.home)
    }
}

internal import Foundation
package import GnuPG
internal import OpenPGP
package import ServerConfiguration

/// `key list`: the keys in the key directories, with their users.
package struct KeyInventory {
    package struct Entry: Sendable {
        /// The user; also one who was removed, and whose key directory is still there.
        package let user: String
        package let key: KeyDescription
        /// Whether the user's new files are encrypted to the key.
        package let isInUse: Bool
        /// Whether files that are encrypted to the key can be read here: its secret part is in the directory.
        package let opensFiles: Bool
        /// Why nothing should be encrypted to the key, or nil.
        package var problem: String? { key.problem.map { "it \($0)" } }
    }

    package let entries: [Entry]

    /// Reads the keys.
    ///
    /// - Parameters:
    ///   - configuration: a server.conf.
    ///   - user: the user whose keys are listed; nil lists all, also those of users who were removed.
    /// - Throws: ``UserError`` when there is no such user, or a user's key directory cannot be read.
    package init(_ configuration: Configuration, user: String?) throws {
        if let user { _ = try configuration.user(user) }
        let root = configuration.directory.appending(path: "keys")
        let directories = try user.map { [$0] } ?? FileManager.default.contentsOfDirectory(atPath: root.path)
        var entries: [Entry] = []
        for name in directories.sorted() where Account.isValid(name: name) {
            let directory = configuration.keyDirectory(of: name)
            let account = configuration.account(named: name)
            guard let keyring = try? ScratchKeyring(keysIn: directory) else {
                if account == nil { continue }
                throw UserError(description: "the key directory \(directory.path) cannot be read")
            }
            for key in try keyring.keys() {
                entries.append(
                    Entry(
                        user: name, key: key, isInUse: account?.key == key.fingerprint,
                        opensFiles: key.encryption.map { keyring.hasSecret($0) } ?? false))
            }
        }
        self.entries = entries
    }
}

internal import Foundation
package import GnuPG
package import OpenPGP
package import ServerConfiguration

/// `key list`: the keys in the key directories, and whose they are.
package struct KeyInventory {
    package struct Entry: Sendable {
        /// The user, or whose directory it was.
        package let user: String
        package let key: KeyDescription
        /// Whether the user's new files are encrypted to it.
        package let isInUse: Bool
        /// Whether files that are encrypted to it can be read here.
        package let opensFiles: Bool
        /// Why nothing should be encrypted to the key, or nil.
        package var problem: String? { key.problem.map { "it \($0)" } }
    }

    package let entries: [Entry]

    /// - Parameter user: whose keys are meant; nil takes all, also those of users who were removed.
    package init(_ configuration: Configuration, user: String?) throws {
        if let user { _ = try configuration.index(of: user) }
        let root = configuration.directory.appending(path: "keys")
        let directories = try user.map { [$0] } ?? FileManager.default.contentsOfDirectory(atPath: root.path)
        var entries: [Entry] = []
        for name in directories.sorted() where Account.isValid(name: name) {
            let directory = configuration.keyDirectory(of: name)
            let account = configuration.account(named: name)
            guard let workshop = try? ScratchKeyring(keysIn: directory) else {
                if account == nil { continue }
                throw UserError(description: "the key directory \(directory.path) cannot be read")
            }
            for key in try workshop.keys() {
                entries.append(
                    Entry(
                        user: name, key: key, isInUse: account?.key == key.fingerprint,
                        opensFiles: key.encryption.map { workshop.hasSecret($0) } ?? false))
            }
        }
        self.entries = entries
    }
}

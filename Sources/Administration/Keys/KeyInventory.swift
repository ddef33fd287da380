internal import Foundation
package import GnuPG
package import OpenPGP
package import ServerConfiguration

/// `key list`: the keys in the key folders, and whose they are.
package struct KeyInventory {
    package struct Entry: Sendable {
        /// The user, or whose folder it was.
        package let user: String
        package let key: KeyDescription
        /// Whether the user's new files are encrypted to it.
        package let isInUse: Bool
        /// Whether files that are encrypted to it can be read here.
        package let opensFiles: Bool
        /// Why nothing should be encrypted to it, or nil.
        package var refusal: String? { key.refusal }
    }

    package let entries: [Entry]

    /// - Parameter user: whose keys are meant; nil takes all, also those of users who were removed.
    package init(_ configuration: Configuration, user: String?) throws {
        if let user { _ = try configuration.index(of: user) }
        let root = configuration.folder.appending(path: "keys")
        let folders = try user.map { [$0] } ?? FileManager.default.contentsOfDirectory(atPath: root.path)
        var entries: [Entry] = []
        for name in folders.sorted() where Account.isValid(name: name) {
            let folder = configuration.keyFolder(of: name)
            let account = configuration.account(named: name)
            guard let workshop = try? KeyWorkshop(keysIn: folder) else {
                if account == nil { continue }
                throw Refusal(description: "the key folder \(folder.path) cannot be read")
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

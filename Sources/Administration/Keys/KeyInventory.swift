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
        /// What is wrong with the key, or nil.
        package let problem: String?
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
            let news = account.map { Self.news(of: $0, in: configuration) } ?? ([], [])
            for key in try keyring.keys() {
                let isInUse = account?.key == key.fingerprint
                let protection = key.encryption.flatMap { KeyDirectory.protection(of: $0, in: directory) }
                let problem = Self.problem(
                    of: key, isInUse ? account : nil, protection,
                    news: news)
                entries.append(
                    Entry(
                        user: name, key: key, isInUse: isInUse,
                        opensFiles: protection == .passphrase || protection == .unprotected, problem: problem))
            }
        }
        self.entries = entries
    }

    /// What is wrong with one key.
    ///
    /// - Parameters:
    ///   - account: the user, if the key is in use.
    ///   - protection: how its secret part is kept.
    ///   - news: what the passphrase has not confirmed of the user.
    private static func problem(
        of key: KeyDescription, _ account: Account?, _ protection: SecretKeyFile.Protection?,
        news: (key: [String], other: [String])
    ) -> String? {
        if let problem = key.problem { return "it \(problem)" }
        if protection == .unprotected { return "it is not protected by a passphrase" }
        if let account, protection != .passphrase, account.ownerCheck != .key {
            return "its secret part is not here: \(account.name) cannot log in with the passphrase"
        }
        // A phrase about an older key names it.
        let phrase = account == nil ? news.other.first { $0.contains(key.fingerprint) } : news.key.first
        return phrase.map { "not confirmed: \($0)" }
    }

    /// What the passphrase has not confirmed of a user, as far as that is seen without it.
    private static func news(of account: Account, in configuration: Configuration) -> (key: [String], other: [String]) {
        let keys = configuration.keyDirectory(of: account.name)
        guard let identity = try? KeyDirectory.identity(of: account.key, in: keys) else { return ([], []) }
        switch AccountConfirmation.compare(account.name, in: configuration, identity) {
        case .confirmed, .unconfirmed: return ([], [])
        case .changed(_, let differences): return ([], differences)
        case .otherKey(let differences): return (differences, [])
        }
    }
}

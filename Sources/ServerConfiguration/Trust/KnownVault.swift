package import OpenPGP

/// What this machine remembers of a vault since its user has run `trust`.
package struct KnownVault: Codable, Sendable, Equatable {
    /// The key of a user.
    package struct Key: Codable, Sendable, Equatable {
        /// The fingerprint of the primary key.
        package let primary: String
        /// The fingerprint of the subkey that files are encrypted to.
        package let encryption: String

        package init(_ identity: KeyIdentity) {
            primary = identity.fingerprint
            encryption = identity.encryption
        }
    }

    /// The vault's id (``VaultID``).
    package let id: String
    /// The real path of the directory with server.conf.
    package let path: String
    /// The host keys as `ssh-keygen -l` prints them, sorted.
    package let hostKeys: [String]
    /// The users' keys, by user.
    package private(set) var users: [String: Key]

    package init(id: String, path: String, hostKeys: [String], users: [String: Key]) {
        self.id = id
        self.path = path
        self.hostKeys = hostKeys.sorted()
        self.users = users
    }

    /// The vault with another key of a user.
    package func with(_ key: Key, for user: String) -> KnownVault {
        var vault = self
        vault.users[user] = key
        return vault
    }

    /// How a user's key is not the remembered one; nil when it is, and for a user who is not known yet.
    package func difference(of user: String, _ key: KnownVault.Key) -> String? {
        guard let known = users[user], known != key else { return nil }
        if known.primary != key.primary { return "the key of \(user) was \(known.primary) and is \(key.primary)" }
        return "the subkey that files of \(user) are encrypted to was \(known.encryption) and is \(key.encryption)"
    }

    /// How the host keys are not the remembered ones, a phrase for each difference.
    package func differences(ofHostKeys keys: [String]) -> [String] {
        let (before, now) = (Set(hostKeys), Set(keys))
        return now.subtracting(before).sorted().map { "the host key \($0) is new" }
            + before.subtracting(now).sorted().map { "the host key \($0) is missing" }
    }
}

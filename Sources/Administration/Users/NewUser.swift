package import Foundation
private import GnuPG
private import OpenPGP
private import SSHTransport
package import Secrets
package import ServerConfiguration

/// `user add`: adds a user to server.conf, and makes what the user needs and does not have yet.
package struct NewUser {
    package let name: String
    package let access: Account.Access
    /// The directory below the data directory.
    private let home: String
    private let limits: UploadLimits
    /// Whether the home may lie in another user's, or be the same.
    private let isShared: Bool
    /// The fingerprint of the key to take over.
    private let existingKey: String?

    /// - Parameters:
    ///   - home: the directory below the data directory; nil takes the name.
    ///   - limits: what others may store there.
    ///   - isShared: whether the home may lie in another user's, hold another user's, or be the same.
    ///   - existingKey: the fingerprint of a key that is in the user's key directory already and is the user's own; nil
    ///     makes a new key.
    package init(
        name: String, access: Account.Access, home: String?, limits: UploadLimits = UploadLimits(),
        isShared: Bool = false, existingKey: String? = nil
    ) {
        self.name = name
        self.access = access
        self.home = home ?? name
        self.limits = limits
        self.isShared = isShared
        self.existingKey = existingKey?.uppercased()
    }

    /// Refuses a user that cannot be added, before the passphrase is asked for.
    package func check(against file: URL) throws {
        guard Account.isValid(name: name) else {
            throw UserError(description: "'\(name)' cannot be a user name: it \(Account.nameRule)")
        }
        guard Account.isValid(home: home) else { throw ConfigurationError(file, "'home' \(Account.homeRule)") }
        guard FileManager.default.fileExists(atPath: file.path) else {
            // There may be a key all the same: a server.conf can be removed.
            return try checkKeyDirectory(Configuration("", file: file).keyDirectory(of: name))
        }
        let configuration = try Configuration(file: file)
        if configuration.account(named: name) != nil {
            throw UserError(description: "there is a user \(name) in \(file.path) already")
        }
        try configuration.requireOwnHome(home, of: name, isShared: isShared)
        try checkKeyDirectory(configuration.keyDirectory(of: name))
    }

    /// Refuses a key that is there already and was not named: whoever can write to the vault may have put it there.
    private func checkKeyDirectory(_ keys: URL) throws {
        guard FileManager.default.fileExists(atPath: keys.path) else {
            guard existingKey == nil else {
                throw UserError(
                    description: "there is no key directory \(keys.path): leave out --key to make a new key")
            }
            return
        }
        guard existingKey == nil else { return }
        let found = (try? KeyDirectory.keys(in: keys))?.map(\.fingerprint) ?? []
        throw UserError(
            description: "there is a key directory \(keys.path) already, "
                + (found.isEmpty
                    ? "without a key that can be read: move it away"
                    : "with the key \(found.joined(separator: ", ")): if this is \(name)'s own key, add --key "
                        + "FINGERPRINT; else move the directory away"))
    }

    /// Adds the user to the server.conf `file`.
    ///
    /// The file, the host keys, the directories and the key are made if they are missing; existing ones stay as they
    /// are. The passphrase confirms the account (``ServerConfiguration/AccountConfirmation``).
    ///
    /// - Parameters:
    ///   - file: a server.conf; it need not exist.
    ///   - passphrase: protects the new key, or opens the one that the user has already.
    ///   - isInterrupted: asked once more right before anything is changed.
    /// - Returns: the fingerprint of the user's key.
    /// - Throws: ``UserError``, ``ServerConfiguration/ConfigurationError``, ``OpenPGP/OpenPGPError``; then there is no
    ///   new user.
    package func add(to file: URL, passphrase: SecretBytes, isInterrupted: () -> Bool) throws -> String {
        try PassphraseRule.check(passphrase)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        return try ConfigurationLock.withLock(of: file) {
            try check(against: file)
            let isNew = !FileManager.default.fileExists(atPath: file.path)
            let template = isNew ? ConfigurationFile.template(for: file) : ""
            let configuration = try isNew ? Configuration(template, file: file) : Configuration(file: file)
            guard let hash = PasswordHash(hashing: passphrase) else { throw UserError(description: "out of memory") }
            let keys = configuration.keyDirectory(of: name)
            let made = try existingKey == nil ? NewKey(userID: name, passphrase: passphrase) : nil
            let key = try made?.opened ?? openExisting(in: keys, passphrase, configuration)
            guard !isInterrupted() else { throw UserError.interrupted }
            try HostKeyStore.create(in: configuration.hostKeys)
            var account = Account(
                name: name, access: access, home: home, key: key.identity.fingerprint, ownerCheck: .hash(hash),
                writeOnlyCheck: .anything, authorizedKeys: [])
            account.isShared = isShared
            var lines = ConfigurationEditor(ConfigurationFile.block(for: account), user: name)
            try limits.apply(to: &lines)
            let text = template + lines.text
            let record = try confirm(
                key, in: Configuration((isNew ? "" : configuration.text + "\n") + text, file: file))
            if let made {
                try makeDirectory(keys.deletingLastPathComponent())
                try made.keep(in: keys, with: [AccountConfirmation.fileName: AccountConfirmation.text(of: [record])])
            } else {
                try AccountConfirmation.write([record], to: keys)
            }
            try makeDirectory(configuration.directory(of: account))
            try ConfigurationFile.append(text, to: file)
            return account.key
        }
    }

    /// Confirms the user as the user will be in `configuration`.
    private func confirm(_ key: OpenedKey, in configuration: Configuration) throws -> ConfirmationRecord {
        guard let record = ConfirmationRecord(AccountFacts(name, in: configuration, key.identity), with: key) else {
            throw UserError(description: "out of memory")
        }
        return record
    }

    private func makeDirectory(_ directory: URL) throws {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Opens the key that the user has told to take over.
    private func openExisting(
        in keys: URL, _ passphrase: SecretBytes, _ configuration: Configuration
    ) throws -> OpenedKey {
        let key = try configuration.check(passphrase, opens: existingKey ?? "", in: keys).opened
        guard let key else { throw UserError(description: "the key in \(keys.path) is of a kind that cannot be used") }
        return key
    }
}

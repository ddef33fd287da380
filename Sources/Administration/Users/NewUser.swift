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

    /// - Parameter home: the directory below the data directory; nil takes the name.
    package init(
        name: String, access: Account.Access, home: String?, limits: UploadLimits = UploadLimits()
    ) {
        self.name = name
        self.access = access
        self.home = home ?? name
        self.limits = limits
    }

    /// Refuses a user that cannot be added, before the passphrase is asked for.
    package func check(against file: URL) throws {
        guard Account.isValid(name: name) else {
            throw UserError(description: "'\(name)' cannot be a user name: it \(Account.nameRule)")
        }
        guard Account.isValid(home: home) else { throw ConfigurationError(file, "'home' \(Account.homeRule)") }
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        if try Configuration(file: file).account(named: name) != nil {
            throw UserError(description: "there is a user \(name) in \(file.path) already")
        }
    }

    /// Adds the user to the server.conf `file`.
    ///
    /// The file, the host keys, the directories and the key are made if they are missing; existing ones stay as they
    /// are.
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
            let (key, made) = try key(in: keys, passphrase, configuration)
            guard !isInterrupted() else { throw UserError.interrupted }
            try HostKeyStore.create(in: configuration.hostKeys)
            if let made {
                try makeDirectory(keys.deletingLastPathComponent())
                try made.keep(in: keys)
            }
            let account = Account(
                name: name, access: access, home: home, key: key, ownerCheck: .hash(hash), writeOnlyCheck: .anything,
                authorizedKeys: [])
            try makeDirectory(configuration.directory(of: account))
            var lines = ConfigurationEditor(ConfigurationFile.block(for: account), user: name)
            try limits.apply(to: &lines)
            try ConfigurationFile.append(template + lines.text, to: file)
            return key
        }
    }

    private func makeDirectory(_ directory: URL) throws {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// The user's key: the existing one, if the passphrase opens it, or a new one, which has to be kept.
    private func key(
        in keys: URL, _ passphrase: SecretBytes, _ configuration: Configuration
    ) throws -> (fingerprint: String, made: NewKey?) {
        guard FileManager.default.fileExists(atPath: keys.path) else {
            let made = try NewKey(userID: name, passphrase: passphrase)
            return (made.fingerprint, made)
        }
        let fingerprint = try KeyDirectory.fingerprint(in: keys)
        try configuration.check(passphrase, opens: fingerprint, in: keys)
        return (fingerprint, nil)
    }
}

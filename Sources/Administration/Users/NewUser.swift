package import Foundation
package import GnuPG
internal import OpenPGP
private import Platform
internal import SSHTransport
package import Secrets
package import ServerConfiguration
private import Vault

/// `user add`: everything a new user needs, made where it is missing.
package struct NewUser {
    package let name: String
    package let access: Account.Access
    /// The directory below the data directory; nil takes the name.
    package let home: String?

    package init(name: String, access: Account.Access, home: String?) {
        self.name = name
        self.access = access
        self.home = home
    }

    /// The shortest passphrase there may be, in bytes.
    package static let shortestPassphrase = 8

    /// Finds out what would keep the user from being added, before the passphrase is asked for.
    package func check(against file: URL) throws {
        guard Account.isValid(name: name) else {
            throw UserError(
                description:
                    "'\(name)' cannot be a user name: 1 to 64 letters, digits and . _ -, first a letter or digit")
        }
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        if try Configuration(file: file).account(named: name) != nil {
            throw UserError(description: "there is a user \(name) in \(file.path) already")
        }
    }

    /// Adds the user to the server.conf `file`: makes the file, the host keys, the directories and the key if they are
    /// absent, and touches nothing that is there.
    ///
    /// - Parameter isInterrupted: asked last before anything is changed.
    /// - Returns: the fingerprint of the user's key.
    package func add(to file: URL, passphrase: SecretBytes, isInterrupted: () -> Bool) throws -> String {
        guard passphrase.count >= NewUser.shortestPassphrase else {
            throw UserError(description: "the passphrase must have \(NewUser.shortestPassphrase) bytes at least")
        }
        let directory = file.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let lock = try DirectoryLock(directory)
        defer { withExtendedLifetime(lock) {} }
        try check(against: file)
        let isNew = !FileManager.default.fileExists(atPath: file.path)
        let template = isNew ? ConfigurationFile.template(for: file) : ""
        let configuration = try isNew ? Configuration(template, file: file) : Configuration(file: file)
        guard let hash = PasswordHash(hashing: passphrase) else { throw UserError(description: "out of memory") }
        func block(_ key: String) -> String {
            ConfigurationFile.block(name: name, access: access, home: home ?? name, key: key, password: hash.text)
        }
        // What server.conf may not have, such as a home elsewhere, is found out before anything is made for it.
        let added = try Configuration(
            configuration.text + "\n" + block(String(repeating: "0", count: 40)), file: file)
        guard added.accounts.last?.home == home ?? name, added.accounts.count == configuration.accounts.count + 1 else {
            throw UserError(description: "the home directory's name must be of ordinary characters")
        }
        let keys = configuration.keyDirectory(of: name)
        let (key, made) = try key(in: keys, passphrase)
        guard !isInterrupted() else { throw UserError.interrupted }
        try HostKeyStore.create(in: configuration.hostKeys)
        if let made {
            try FileManager.default.createDirectory(
                at: keys.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try made.keep(in: keys)
        }
        let root = home == "." ? added.data : added.data.appending(path: home ?? name)
        try FileManager.default.createDirectory(
            at: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try ConfigurationFile.append(template + block(key), to: file)
        return key
    }

    /// The user's key: the one that is there already, if the passphrase opens it, or a new one, which is to be kept.
    private func key(in keys: URL, _ passphrase: SecretBytes) throws -> (fingerprint: String, made: NewKey?) {
        guard FileManager.default.fileExists(atPath: keys.path) else {
            let made = try NewKey(userID: name, passphrase: passphrase)
            return (made.fingerprint, made)
        }
        let fingerprint = try KeyDirectory.fingerprint(in: keys)
        _ = try SessionHome(keysIn: keys, fingerprint: fingerprint, passphrase: passphrase)
        return (fingerprint, nil)
    }
}

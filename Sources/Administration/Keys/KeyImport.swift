package import Foundation
package import GnuPG
private import OpenPGP
private import Platform
package import Secrets
private import ServerConfiguration

/// `key import`: takes a user's own OpenPGP key from a file; new files are encrypted to it from now on.
package struct KeyImport {
    package let key: KeyDescription
    /// Whether the file has the secret part of the key: then files that are encrypted to it can be read here.
    package let hasSecret: Bool
    private let name: String
    private let file: URL
    private let imported: ScratchKeyring

    /// The most bytes of a key file: there are keys with thousands of signatures.
    private static let longest = 16 << 20

    /// Reads the key.
    ///
    /// - Parameters:
    ///   - source: a file with one key, as `gpg --export` or `gpg --export-secret-keys` writes it.
    ///   - name: the user.
    ///   - file: a server.conf.
    /// - Throws: ``UserError`` when there is no such user, or the file has no key that can be used.
    package init(_ source: URL, for name: String, in file: URL) throws {
        self.name = name
        self.file = file
        _ = try Configuration(file: file).user(name)
        let contents: [UInt8]
        do throws(RegularFile.Failure) {
            contents = try RegularFile.readNamed(source.path, limit: KeyImport.longest)
        } catch {
            throw UserError(description: "\(source.path) cannot be read: \(error)")
        }
        let imported = try ScratchKeyring(keysIn: nil)
        self.imported = imported
        try imported.add(keysIn: Data(contents))
        let keys = try imported.keys()
        guard keys.count == 1, let key = keys.first else {
            throw UserError(description: "there are \(keys.count) keys in \(source.path); one is expected")
        }
        if let problem = key.problem {
            throw UserError(description: "the key \(key.fingerprint) cannot be used: it \(problem)")
        }
        self.key = key
        hasSecret = key.encryption.map { imported.hasSecret($0) } ?? false
    }

    /// Puts the key into the user's directory and names it in server.conf; older keys stay, so that older files open.
    ///
    /// - Parameters:
    ///   - passphrase: the user's, which opens the older key, and from now on the new one too; nil for a key without
    ///     its secret part.
    ///   - keyPassphrase: opens the key in the file, if it is another one.
    ///   - isInterrupted: asked once more right before anything is changed.
    ///   - warn: gets what is not as the passphrase has confirmed it.
    /// - Throws: ``UserError``, with `.inUse` when the user is logged in; ``OpenPGP/OpenPGPError``, with `.passphrase`
    ///   when a passphrase is wrong.
    package func apply(
        passphrase: SecretBytes?, keyPassphrase: SecretBytes?, isInterrupted: () -> Bool, warn: (String) -> Void
    ) throws {
        try ConfigurationLock.withUser(name, in: file) { configuration, account in
            try VaultTrust.check(configuration, of: name, note: warn)
            let directory = configuration.keyDirectory(of: name)
            var old: OwnerKey?
            if let passphrase {
                old = try check(passphrase, account, configuration, warn: warn)
                let changes = try imported.changePassphrase(
                    from: keyPassphrase ?? passphrase, to: passphrase, takesUnprotected: true)
                guard !changes.values.contains(.refused) else {
                    throw OpenPGPError(.passphrase, "the passphrase does not open the key in the file")
                }
            }
            let keyring = try ScratchKeyring(keysIn: directory)
            try keyring.add(key, from: imported)
            guard let merged = try keyring.keys().first(where: { $0.fingerprint == key.fingerprint }),
                merged.problem == nil
            else {
                throw UserError(
                    description:
                        "the key \(key.fingerprint) cannot be used together with what \(directory.path) has of "
                        + "it: it may be revoked there")
            }
            var opened: OpenedKey?
            if let passphrase, hasSecret {
                opened = try configuration.check(passphrase, opens: key.fingerprint, in: keyring.directory).opened
            }
            guard !isInterrupted() else { throw UserError.interrupted }
            try KeyDirectoryLock.whileUnused(directory, of: name) {
                try keyring.publishSecretKeys(to: directory)
                // Until server.conf names the new key, the old one is confirmed, too.
                let record = opened.flatMap { old?.record?.renewed(with: $0) }
                if let record, let before = old?.record {
                    try AccountConfirmation.write([before, record], to: directory)
                }
                try keyring.publishPublicKeys(to: directory)
                try ConfigurationFile.change(file, user: name) { try $0.set("key", to: .string(key.fingerprint)) }
                if let record {
                    try AccountConfirmation.write([record], to: directory)
                } else {
                    // The old record is about the old key. No passphrase has confirmed the new one.
                    AccountConfirmation.remove(from: directory)
                    if hasSecret, let warning = AccountConfirmation.Finding.unconfirmed.warning(about: name) {
                        warn(warning)
                    }
                }
            }
            if passphrase != nil { try VaultTrust.renew(name, in: Configuration(file: file)) }
        }
    }

    /// Requires the passphrase that logs in: all keys of a user have the same.
    ///
    /// - Returns: the key in use until now; nil when its secret part is not here, and the hash has decided.
    private func check(
        _ passphrase: SecretBytes, _ account: Account, _ configuration: Configuration, warn: (String) -> Void
    ) throws -> OwnerKey? {
        if case .hash(let hash) = account.ownerCheck {
            guard hash.verify(passphrase) else { throw OpenPGPError(.passphrase, "the passphrase is not \(name)'s") }
            let keyring = try ScratchKeyring(keysIn: configuration.keyDirectory(of: name))
            let encryption = try keyring.keys().first { $0.fingerprint == account.key }?.encryption
            guard let encryption, keyring.hasSecret(encryption) else { return nil }
        }
        return try configuration.open(account, with: passphrase, warn: warn)
    }
}

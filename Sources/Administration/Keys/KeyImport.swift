package import Foundation
package import GnuPG
private import OpenPGP
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
        guard let data = try? Data(contentsOf: source) else {
            throw UserError(description: "\(source.path) cannot be read")
        }
        let imported = try ScratchKeyring(keysIn: nil)
        self.imported = imported
        try imported.add(keysIn: data)
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
    /// - Throws: ``UserError``, with `.inUse` when the user is logged in; ``OpenPGP/OpenPGPError``, with `.passphrase`
    ///   when a passphrase is wrong.
    package func apply(
        passphrase: SecretBytes?, keyPassphrase: SecretBytes?, isInterrupted: () -> Bool
    ) throws {
        try ConfigurationLock.withUser(name, in: file) { configuration, account in
            let directory = configuration.keyDirectory(of: name)
            if let passphrase {
                try check(passphrase, account, configuration)
                let changes = try imported.changePassphrase(from: keyPassphrase ?? passphrase, to: passphrase)
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
            if let passphrase, hasSecret {
                try configuration.check(passphrase, opens: key.fingerprint, in: keyring.directory)
            }
            guard !isInterrupted() else { throw UserError.interrupted }
            try KeyDirectoryLock.whileUnused(directory, of: name) {
                try keyring.publishSecretKeys(to: directory)
                try keyring.publishPublicKeys(to: directory)
                try ConfigurationFile.change(file, user: name) { try $0.set("key", to: .string(key.fingerprint)) }
            }
        }
    }

    /// Requires the passphrase that logs in: all keys of a user have the same.
    private func check(_ passphrase: SecretBytes, _ account: Account, _ configuration: Configuration) throws {
        switch account.ownerCheck {
        case .hash(let hash):
            guard hash.verify(passphrase) else { throw OpenPGPError(.passphrase, "the passphrase is not \(name)'s") }
        case .key:
            try configuration.check(passphrase, opens: account.key, in: configuration.keyDirectory(of: name))
        }
    }
}

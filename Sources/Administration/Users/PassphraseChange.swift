package import Foundation
private import GnuPG
private import OpenPGP
package import Secrets
internal import ServerConfiguration

/// `user passwd`: changes the passphrase of a user's key and of the login.
///
/// The files are not touched. At every moment one of the two passphrases logs in, even if the command is interrupted:
/// 1. The hash is removed from server.conf, so that the key decides (``ServerConfiguration/Account/OwnerCheck/key``).
/// 2. The secret keys are replaced, the one that logins use last.
/// 3. The new hash is written, and then confirmed (``ServerConfiguration/AccountConfirmation``).
/// The same command completes a change that was interrupted.
package struct PassphraseChange {
    private let name: String
    private let file: URL

    package init(of name: String, in file: URL) {
        self.name = name
        self.file = file
    }

    /// Refuses a user that does not exist, before passphrases are asked for.
    package func check() throws { _ = try Configuration(file: file).user(name) }

    /// Makes the change.
    ///
    /// - Parameters:
    ///   - old: opens the key now.
    ///   - new: opens it afterwards.
    ///   - isInterrupted: asked once more right before anything is changed.
    ///   - warn: gets what is not as the passphrase has confirmed it.
    /// - Returns: fingerprints of older keys that have another passphrase, and keep it.
    /// - Throws: ``OpenPGP/OpenPGPError`` with `.passphrase` when `old` is wrong; then nothing was changed.
    package func apply(
        from old: SecretBytes, to new: SecretBytes, isInterrupted: () -> Bool, warn: (String) -> Void
    ) throws -> [String] {
        try PassphraseRule.check(new)
        return try ConfigurationLock.withUser(name, in: file) { configuration, account in
            let directory = configuration.keyDirectory(of: name)
            let keyring = try ScratchKeyring(keysIn: directory)
            let keys = try keyring.keys()
            guard let encryption = keys.first(where: { $0.fingerprint == account.key })?.encryption else {
                throw UserError(description: "the key \(account.key) is not in \(directory.path), or cannot encrypt")
            }
            let changes = try keyring.changePassphrase(from: old, to: new)
            switch changes[encryption.keygrip] {
            case .changed, .wasNew: break
            case .absent, nil:
                throw UserError(
                    description:
                        "the secret part of \(name)'s key is not on this machine: change the passphrase on the "
                        + "machine that has it")
            case .refused: throw OpenPGPError(.passphrase, "the passphrase does not open the key")
            case .unprotected: throw OpenPGPError.unprotectedKey
            }
            // If nothing opened the new key, all files would be lost: it is tried before it replaces the old one.
            let (identity, opened) = try configuration.check(new, opens: account.key, in: keyring.directory)
            let key = try configuration.confirm(account, identity, opened, warn: warn)
            guard let hash = PasswordHash(hashing: new) else { throw UserError(description: "out of memory") }
            guard !isInterrupted() else { throw UserError.interrupted }
            let changed = try publish(keyring, to: directory, last: encryption.keygrip, hash)
            try changed.renew(name, key, from: configuration)
            return keys.filter { key in key.subkeys.contains { [.refused, .unprotected].contains(changes[$0.keygrip]) }
            }.map(\.fingerprint)
        }
    }

    private func publish(
        _ keyring: ScratchKeyring, to directory: URL, last keygrip: String, _ hash: PasswordHash
    ) throws -> Configuration {
        let before = try Configuration(file: file).text
        let between = try ConfigurationFile.change(file, user: name) { try $0.remove("password") }.text
        try keyring.publishSecretKeys(to: directory, last: [keygrip])
        // The line returns to its old place, unless somebody has edited the file since.
        let isUntouched = try Configuration(file: file).text.utf8.elementsEqual(between.utf8)
        return try ConfigurationFile.change(file, user: name, from: isUntouched ? before : nil) {
            try $0.set("password", to: .string(hash.text))
        }
    }
}

package import Foundation
package import GnuPG
internal import OpenPGP
private import Platform
package import Secrets
package import ServerConfiguration

/// `user passwd`: another passphrase for a user's key and for the login.
///
/// The files are not touched. At every moment one of the two passphrases logs in, whenever it is interrupted: first the
/// hash is taken out of server.conf, so that the key alone decides; then the key is changed, the part that logins use
/// last; then the new hash is written. Asking for the same change again completes one that was interrupted.
package struct PassphraseChange {
    private let name: String
    private let file: URL

    package init(of name: String, in file: URL) {
        self.name = name
        self.file = file
    }

    /// Finds out what would keep it from being changed, before passphrases are asked for.
    package func check() throws {
        let configuration = try Configuration(file: file)
        _ = try configuration.index(of: name)
    }

    /// Makes the change.
    ///
    /// - Parameter isInterrupted: asked last before anything is changed.
    /// - Returns: fingerprints of older keys that have another passphrase, and keep it.
    /// - Throws: ``OpenPGP/OpenPGPError`` with `.passphrase` when the old one is wrong; then nothing was changed.
    package func apply(
        from old: SecretBytes, to new: SecretBytes, isInterrupted: () -> Bool
    ) throws -> [String] {
        guard new.count >= NewUser.shortestPassphrase else {
            throw UserError(description: "the passphrase must have \(NewUser.shortestPassphrase) bytes at least")
        }
        let lock = try DirectoryLock(file.deletingLastPathComponent())
        defer { withExtendedLifetime(lock) {} }
        let configuration = try Configuration(file: file)
        let index = try configuration.index(of: name)
        let account = configuration.accounts[index]
        let keys = configuration.keyDirectory(of: name)
        let workshop = try ScratchKeyring(keysIn: keys)
        let listed = try workshop.keys()
        guard let encryption = listed.first(where: { $0.fingerprint == account.key })?.encryption else {
            throw UserError(description: "the key \(account.key) is not in \(keys.path), or cannot encrypt")
        }
        let changes = try workshop.changePassphrase(from: old, to: new)
        switch changes[encryption.keygrip] {
        case .changed, .wasNew: break
        case .absent, nil:
            throw UserError(
                description: "the secret part of \(name)'s key is not here: change its passphrase where it is")
        case .refused: throw OpenPGPError(.passphrase, "the passphrase does not open the key")
        }
        // A key that nothing opens any more would be the end of all files: it is tried before it takes the old one's
        // place.
        _ = try SessionHome(keysIn: workshop.directory, fingerprint: account.key, passphrase: new)
        guard let hash = PasswordHash(hashing: new) else { throw UserError(description: "out of memory") }
        guard !isInterrupted() else { throw UserError.interrupted }
        try publish(workshop, encryption.keygrip, hash, configuration, index)
        return listed.filter { key in key.subkeys.contains { changes[$0.keygrip] == .refused } }.map(\.fingerprint)
    }

    private func publish(
        _ workshop: ScratchKeyring, _ keygrip: String, _ hash: PasswordHash, _ configuration: Configuration,
        _ index: Int
    ) throws {
        var accounts = configuration.accounts
        let before = try Data(contentsOf: file)
        accounts[index].ownerCheck = .key
        let without = try ConfigurationFile.change(configuration, to: accounts) { $0.unset("password", ofUser: index) }
        let between = try Data(contentsOf: file)
        try workshop.publishSecretKeys(to: configuration.keyDirectory(of: name), last: [keygrip])
        // The line comes back to where it was, unless somebody has edited the file meanwhile.
        let isUntouched = try Data(contentsOf: file) == between
        let now = isUntouched ? without : try Configuration(file: file)
        let place = try now.index(of: name)
        accounts = now.accounts
        accounts[place].ownerCheck = .hash(hash)
        try ConfigurationFile.change(now, to: accounts, from: isUntouched ? before : nil) {
            $0.set("password", to: TOMLValue.string(hash.text), ofUser: place)
        }
    }
}

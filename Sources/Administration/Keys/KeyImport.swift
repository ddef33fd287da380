package import Foundation
package import GnuPG
package import OpenPGP
private import Platform
package import Secrets
package import ServerConfiguration

/// `key import`: a key of the user's own, from a file, for the files that come from now on.
package struct KeyImport {
    package let key: KeyDescription
    /// Whether its secret part is in the file: then the user's passphrase will open it, and what is stored with it.
    package let hasSecret: Bool
    private let name: String
    private let file: URL
    private let imported: ScratchKeyring

    /// Reads the file and finds out what would keep its key from being taken.
    package init(_ source: URL, for name: String, in file: URL) throws {
        self.name = name
        self.file = file
        let configuration = try Configuration(file: file)
        _ = try configuration.index(of: name)
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
            throw UserError(description: "the key \(key.fingerprint) cannot be taken: it \(problem)")
        }
        self.key = key
        hasSecret = key.encryption.map { imported.hasSecret($0) } ?? false
    }

    /// Puts the key into the user's directory and names it in server.conf; older keys stay, so that older files open.
    ///
    /// - Parameters:
    ///   - passphrase: the user's, which opens the older key, and then this one, too; nil for a key without its secret
    ///     part.
    ///   - keyPassphrase: what opens the key in the file, if it has one.
    ///   - isInterrupted: asked last before anything is changed.
    package func apply(
        passphrase: SecretBytes?, keyPassphrase: SecretBytes?, isInterrupted: () -> Bool
    ) throws {
        let lock = try DirectoryLock(file.deletingLastPathComponent())
        defer { withExtendedLifetime(lock) {} }
        let configuration = try Configuration(file: file)
        let index = try configuration.index(of: name)
        let account = configuration.accounts[index]
        let keys = configuration.keyDirectory(of: name)
        if let passphrase {
            try check(passphrase, account, keys)
            let changes = try imported.changePassphrase(from: keyPassphrase ?? passphrase, to: passphrase)
            guard !changes.values.contains(.refused) else {
                throw OpenPGPError(.passphrase, "the passphrase does not open the key in the file")
            }
        }
        let workshop = try ScratchKeyring(keysIn: keys)
        try workshop.add(key, from: imported)
        guard let merged = try workshop.keys().first(where: { $0.fingerprint == key.fingerprint }),
            merged.problem == nil
        else { throw UserError(description: "the key cannot be taken beside what is known of it in \(keys.path)") }
        if let passphrase, hasSecret {
            _ = try SessionHome(keysIn: workshop.directory, fingerprint: key.fingerprint, passphrase: passphrase)
        }
        guard !isInterrupted() else { throw UserError.interrupted }
        guard let alone = try KeyDirectoryLock.exclusive(keys) else {
            throw UserError(
                .inUse,
                description: "somebody is logged in as \(name), and could not read files with a new key: end these "
                    + "sessions, or stop the server, and try again")
        }
        try workshop.publishSecretKeys(to: keys)
        try workshop.publishPublicKeys(to: keys)
        var accounts = configuration.accounts
        accounts[index].key = key.fingerprint
        try ConfigurationFile.change(configuration, to: accounts) {
            $0.set("key", to: TOMLValue.string(key.fingerprint), ofUser: index)
        }
        withExtendedLifetime(alone) {}
    }

    /// The passphrase has to be the one that logs in: all keys of a user have the same.
    private func check(_ passphrase: SecretBytes, _ account: Account, _ keys: URL) throws {
        switch account.ownerCheck {
        case .hash(let hash):
            guard hash.verify(passphrase) else { throw OpenPGPError(.passphrase, "the passphrase is not \(name)'s") }
        case .key:
            _ = try SessionHome(keysIn: keys, fingerprint: account.key, passphrase: passphrase)
        }
    }
}

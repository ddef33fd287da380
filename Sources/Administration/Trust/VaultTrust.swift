package import Foundation
private import GnuPG
private import OpenPGP
private import SSHTransport
package import ServerConfiguration

/// `trust`: this machine remembers the keys of a vault, and what else would be another vault to it.
package enum VaultTrust {
    /// What `trust` has remembered.
    package struct Outcome: Sendable {
        package let vault: KnownVault
        /// How it differs from what was remembered before, a phrase for each difference.
        package let changes: [String]
    }

    /// Remembers a vault as it is now.
    ///
    /// - Parameter file: its server.conf.
    /// - Throws: ``UserError`` when the vault or the state directory cannot be written, or a key cannot be read.
    package static func remember(_ file: URL) throws -> Outcome {
        let configuration = try Configuration(file: file)
        let hostKeys = try hostKeys(of: configuration)
        var users: [String: KnownVault.Key] = [:]
        for account in configuration.accounts { users[account.name] = try key(of: account, in: configuration) }
        let known = KnownVaults()
        let before = try? known.vault(at: configuration.directory)
        let id: String
        do {
            id = try VaultID.readOrMake(in: configuration.directory)
        } catch {
            throw UserError(
                description: "\(VaultID.fileName) cannot be written to \(configuration.directory.path): \(error)")
        }
        let vault = KnownVault(
            id: id, path: KnownVaults.realPath(configuration.directory), hostKeys: hostKeys, users: users)
        do {
            try known.remember(vault)
        } catch let failure as KnownVaults.Failure {
            throw UserError(description: failure.description)
        } catch {
            throw UserError(description: "\(known.file.path) cannot be written: \(error)")
        }
        return Outcome(vault: vault, changes: before.map { differences($0, users, hostKeys) } ?? [])
    }

    /// Compares a vault with what this machine remembers of it, if it does.
    ///
    /// - Parameters:
    ///   - configuration: the vault's.
    ///   - user: the only user that matters; nil means all.
    ///   - note: gets what is new and no difference.
    /// - Throws: ``UserError`` with `.unconfirmedKey` for a difference.
    package static func check(
        _ configuration: Configuration, of user: String? = nil, note: (String) -> Void
    ) throws {
        let vault: KnownVault?
        do throws(KnownVaults.Failure) {
            vault = try KnownVaults().vault(at: configuration.directory)
        } catch {
            throw UserError(.unconfirmedKey, description: error.description)
        }
        guard let vault else { return }
        var users: [String: KnownVault.Key] = [:]
        for account in configuration.accounts where user == nil || account.name == user {
            // A key that cannot be read is one that nothing can be encrypted to.
            guard let key = try? key(of: account, in: configuration) else { continue }
            users[account.name] = key
            if vault.users[account.name] == nil {
                note(
                    "the user \(account.name) is new to this machine: 'cryptsftp trust' remembers the key "
                        + key.primary
                )
            }
        }
        let differences = try differences(vault, users, hostKeys(of: configuration))
        guard differences.isEmpty else {
            throw UserError(
                .unconfirmedKey,
                description: "this machine remembers another vault at \(configuration.directory.path): "
                    + differences.joined(separator: "; ") + ". If you have changed that, run 'cryptsftp trust'; else "
                    + "restore Configs from a backup")
        }
    }

    /// Remembers the key that a command has just given a user, if this machine remembers the vault.
    ///
    /// The command has the passphrase, and has checked what it had before (``check(_:of:note:)``).
    static func renew(_ user: String, in configuration: Configuration) throws {
        let known = KnownVaults()
        guard let vault = try known.vault(at: configuration.directory) else { return }
        try known.remember(vault.with(key(of: configuration.user(user), in: configuration), for: user))
    }

    private static func differences(
        _ vault: KnownVault, _ users: [String: KnownVault.Key], _ hostKeys: [String]
    ) -> [String] {
        users.sorted { $0.key < $1.key }.compactMap { vault.difference(of: $0.key, $0.value) }
            + vault.differences(ofHostKeys: hostKeys)
    }

    private static func key(of account: Account, in configuration: Configuration) throws -> KnownVault.Key {
        KnownVault.Key(
            try KeyDirectory.identity(of: account.key, in: configuration.keyDirectory(of: account.name)))
    }

    private static func hostKeys(of configuration: Configuration) throws -> [String] {
        try HostKeyStore.load(from: configuration.hostKeys).map(\.fingerprintLine)
    }

    /// The vaults that this machine remembers.
    package static func all() throws -> [KnownVault] { try KnownVaults().all() }

    /// Forgets a vault.
    ///
    /// - Parameter file: its server.conf, which need not exist any more.
    /// - Returns: what was forgotten.
    package static func forget(_ file: URL) throws -> [KnownVault] {
        try KnownVaults().forget(file.deletingLastPathComponent())
    }
}

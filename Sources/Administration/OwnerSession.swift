private import Foundation
private import GnuPG
private import OpenPGP
private import SFTP
package import Secrets
package import ServerConfiguration
package import Vault

/// The files of one user in a tool, with the user's key.
package final class OwnerSession {
    package let files: VaultFileSystem
    private let keys: SessionHome

    /// Opens the key.
    ///
    /// - Parameters:
    ///   - vault: the vault.
    ///   - account: the user.
    ///   - home: the user's home, or any other directory of stored files.
    ///   - passphrase: the user's; without it files can be stored but not read.
    ///   - stores: true when files will be stored: their names must suit the file system.
    ///   - warn: gets what is not as the passphrase has confirmed it.
    /// - Throws: ``UserError`` with `.unconfirmedKey`, when the passphrase has confirmed another key.
    package init(
        _ vault: OwnerVault, _ account: Account, home: Directory, passphrase: SecretBytes?, stores: Bool = false,
        warn: (String) -> Void
    ) throws {
        if stores { try VaultTrust.check(vault.configuration, of: account.name, note: warn) }
        // A tool that was killed has left its GnuPG home and its gpg-agent.
        RuntimeDirectory.sweep()
        let directory = vault.configuration.keyDirectory(of: account.name)
        let engine = vault.configuration.engine
        let stallTimeout = vault.configuration.limits.stallTimeout
        if let passphrase {
            keys = try SessionHome(
                keysIn: directory, fingerprint: account.key, passphrase: passphrase, engine: engine,
                stallTimeout: stallTimeout)
            _ = try vault.configuration.confirm(account, keys.identity, keys.opened, warn: warn)
        } else {
            keys = try SessionHome(
                publicKeysIn: directory, fingerprint: account.key, engine: engine, stallTimeout: stallTimeout)
            vault.configuration.compare(account, keys.identity, warn: warn)
        }
        files = VaultFileSystem(
            user: account.name, view: .plaintext, drafts: DraftsDirectory(in: vault.data), home: home,
            volume: stores
                ? Volume(of: vault.data, isPortable: vault.configuration.portableNames) : vault.volume,
            cryptor: keys.cryptor,
            spoolSize: UInt64(vault.configuration.limits.spoolMegabytes) << 20,
            verifiedFirst: UInt64(vault.configuration.limits.verifyMegabytes) << 20, report: { _ in })
    }
}

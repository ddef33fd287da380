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
    package init(
        _ vault: OwnerVault, _ account: Account, home: Directory, passphrase: SecretBytes?, stores: Bool = false
    ) throws {
        // A tool that was killed has left its GnuPG home and its gpg-agent.
        RuntimeDirectory.sweep()
        let directory = vault.configuration.keyDirectory(of: account.name)
        let engine = vault.configuration.engine
        if let passphrase {
            keys = try SessionHome(keysIn: directory, fingerprint: account.key, passphrase: passphrase, engine: engine)
        } else {
            keys = try SessionHome(publicKeysIn: directory, fingerprint: account.key, engine: engine)
        }
        files = VaultFileSystem(
            user: account.name, view: .plaintext, data: vault.data, home: home,
            volume: stores
                ? Volume(of: vault.data, isPortable: vault.configuration.portableNames) : vault.volume,
            cryptor: keys.cryptor,
            spoolSize: UInt64(vault.configuration.limits.spoolMegabytes) << 20,
            verifiedFirst: UInt64(vault.configuration.limits.verifyMegabytes) << 20, report: { _ in })
    }
}

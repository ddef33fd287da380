private import Foundation
private import GnuPG
private import OpenPGP
private import SFTP
package import Secrets
package import ServerConfiguration
package import Vault

/// A user's files with the key that opens them, or only encrypts to them.
package final class OwnerSession {
    package let files: VaultFileSystem
    private let keys: SessionHome

    /// - Parameters:
    ///   - home: whose files; the user's, or any directory of stored files.
    ///   - passphrase: the user's; nil leaves the secret key alone.
    ///   - stores: whether anything is to be stored, under names that suit the file system.
    package init(
        _ vault: OwnerVault, _ account: Account, home: Directory, passphrase: SecretBytes?, stores: Bool = false
    ) throws {
        // A tool that was killed has left its keys and an agent.
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

private import CLinux
package import Foundation
package import OpenPGP
package import Secrets

/// A key that was just made and is stored nowhere: it is removed with this object, unless ``keep(in:)`` stores it.
///
/// It is made in a ``RuntimeDirectory``, because GnuPG cannot work on FAT.
package final class NewKey {
    package let fingerprint: String
    private let runtime: RuntimeDirectory
    private let home: GnuPGHome

    /// Makes the key and a revocation certificate for it.
    package init(userID: String, passphrase: SecretBytes) throws(OpenPGPError) {
        runtime = try RuntimeDirectory()
        home = try GnuPGHome(in: runtime, s2kCount: GnuPGHome.userS2KCount)
        fingerprint = try home.createKey(userID: userID, passphrase: passphrase).fingerprint
    }

    /// Stores the key in a new key directory, all or nothing.
    ///
    /// - Parameter directory: must not exist yet.
    package func keep(in directory: URL) throws(OpenPGPError) {
        let files = FileManager.default
        let draft = directory.deletingLastPathComponent().appending(path: ".\(directory.lastPathComponent).new")
        do {
            try? files.removeItem(at: draft)
            try files.createDirectory(
                at: draft, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in [KeyDirectory.publicKeys, KeyDirectory.secretKeys, KeyDirectory.revocations] {
                try files.copyItem(at: home.url.appending(path: name), to: draft.appending(path: name))
            }
            try files.moveItem(at: draft, to: directory)
        } catch {
            try? files.removeItem(at: draft)
            throw .cannotKeep(in: directory, error)
        }
        // GnuPG and the copy do not write through: a stick pulled now must not lose the only key.
        let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            linux_syncfs(descriptor)
            close(descriptor)
        }
    }
}

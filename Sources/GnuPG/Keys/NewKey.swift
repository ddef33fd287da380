private import CLinux
package import Foundation
package import OpenPGP
package import Secrets

/// A key that was made and is kept nowhere yet: it goes with this object, unless ``keep(in:)`` brings it to a
/// directory.
///
/// It is made in a private directory, because GnuPG cannot work on FAT.
package final class NewKey {
    package let fingerprint: String
    private let runtime: RuntimeDirectory
    private var home: URL { URL(filePath: runtime.path).appending(path: RuntimeDirectory.home) }

    /// Makes the key; a revocation certificate comes with it.
    package init(userID: String, passphrase: SecretBytes) throws(OpenPGPError) {
        runtime = try RuntimeDirectory()
        let home = runtime.path + "/" + RuntimeDirectory.home
        try KeyHome.make(home, agentOptions: ["s2k-count \(KeyHome.s2kCount)"])
        _ = try GnuPG.use(home: home)
        fingerprint = try KeyHome.create(userID: userID, passphrase: passphrase)
    }

    /// Copies what of it is worth keeping, all or nothing.
    ///
    /// - Parameter directory: must not exist yet.
    package func keep(in directory: URL) throws(OpenPGPError) {
        let files = FileManager.default
        let draft = directory.deletingLastPathComponent().appending(path: ".\(directory.lastPathComponent).new")
        do {
            try? files.removeItem(at: draft)
            try files.createDirectory(
                at: draft, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in [KeyHome.publicKeys, SecretKeyFile.directory, KeyHome.revocations] {
                try files.copyItem(at: home.appending(path: name), to: draft.appending(path: name))
            }
            try files.moveItem(at: draft, to: directory)
        } catch {
            try? files.removeItem(at: draft)
            throw OpenPGPError(.inputOutput, "cannot keep the key in \(directory.path): \(error.localizedDescription)")
        }
        // GnuPG and the copy do not write through: a stick pulled now must not lose the only key.
        let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            linux_syncfs(descriptor)
            close(descriptor)
        }
    }
}

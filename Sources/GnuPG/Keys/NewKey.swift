package import Foundation
package import OpenPGP
private import Platform
package import Secrets

/// A key that was just made and is stored nowhere: it is removed with this object, unless ``keep(in:)`` stores it.
///
/// It is made in a ``RuntimeDirectory``, because GnuPG cannot work on FAT.
package final class NewKey {
    package let fingerprint: String
    /// The key, opened by its passphrase.
    package let opened: OpenedKey
    private let runtime: RuntimeDirectory
    private let home: GnuPGHome

    /// Makes the key and a revocation certificate for it.
    package init(userID: String, passphrase: SecretBytes) throws(OpenPGPError) {
        runtime = try RuntimeDirectory()
        home = try GnuPGHome(in: runtime, s2kCount: GnuPGHome.userS2KCount)
        let (key, packets) = try home.createKey(userID: userID, passphrase: passphrase)
        let identity = try RecipientKey(key.fingerprint, in: home).identity
        guard let opened = try OpenedKey(identity, packets, passphrase) else { throw SecretKeyFile.unreadable }
        fingerprint = identity.fingerprint
        self.opened = opened
    }

    /// Stores the key in a new key directory, all or nothing, and returns when it is on the disk.
    ///
    /// The directory gets its name after its files are on the disk: a stick that is pulled out must not have a key
    /// directory without the only copy of the key.
    ///
    /// - Parameters:
    ///   - directory: must not exist yet.
    ///   - others: further files that the directory is to have, by name.
    /// - Throws: `.inputOutput`. After an error of the last step, the fsync of the directory above, the key directory
    ///   has its name and may not be on the disk.
    package func keep(in directory: URL, with others: [String: Data]) throws(OpenPGPError) {
        let above = directory.deletingLastPathComponent()
        let draft = above.appending(path: ".\(directory.lastPathComponent).new")
        do {
            try? FileManager.default.removeItem(at: draft)
            try write(others, to: draft)
            guard rename(draft.path, directory.path) == 0 else { throw SystemError.last }
            try DurableFile.synchronize(directory: above)
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw .cannotKeep(in: directory, error)
        }
    }

    private func write(_ others: [String: Data], to directory: URL) throws {
        for name in ["", KeyDirectory.secretKeys, KeyDirectory.revocations] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        for (name, contents) in try home.keyFiles().merging(others, uniquingKeysWith: { own, _ in own }) {
            try DurableFile.replace(directory.appending(path: name), with: contents)
        }
        try DurableFile.synchronize(directory: directory)
    }
}

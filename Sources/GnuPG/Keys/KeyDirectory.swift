package import Foundation
package import OpenPGP

/// A user's key directory: the files of a GnuPG home that are worth keeping.
package enum KeyDirectory {
    package static let publicKeys = "pubring.kbx"
    static let secretKeys = "private-keys-v1.d"
    static let revocations = "openpgp-revocs.d"

    /// The keys in a key directory, as far as their public parts tell.
    package static func keys(in directory: URL) throws(OpenPGPError) -> [KeyDescription] {
        let runtime = try RuntimeDirectory()
        defer { withExtendedLifetime(runtime) {} }
        let home = try GnuPGHome(in: runtime)
        try home.copyPublicKeys(from: directory)
        return try home.listKeys().map(\.description)
    }

    /// The fingerprint of the key in a key directory; of several, the newest that can read files here.
    ///
    /// - Throws: `.key` when there is none.
    package static func fingerprint(in directory: URL) throws(OpenPGPError) -> String {
        let keys = try keys(in: directory)
        let candidates = keys.count == 1 ? keys : keys.filter { canRead($0, in: directory) }
        guard let newest = candidates.max(by: { $0.primary.created < $1.primary.created }) else {
            throw OpenPGPError(.key, "the user's key directory holds \(keys.count) keys, and none that can be taken")
        }
        return newest.fingerprint
    }

    /// The keygrips of the secret keys in a key directory.
    static func keygrips(in directory: URL) -> [String] {
        names(in: directory.appending(path: secretKeys), endingWith: ".key").map { String($0.dropLast(4)) }
    }

    /// The files that make up a key directory, relative to it.
    static func files(in directory: URL) -> [String] {
        names(in: directory, endingWith: publicKeys).filter { $0 == publicKeys }
            + keygrips(in: directory).map { "\(secretKeys)/\($0).key" }
            + names(in: directory.appending(path: revocations), endingWith: ".rev").map { "\(revocations)/\($0)" }
    }

    private static func names(in directory: URL, endingWith suffix: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
        return (names ?? []).filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
    }

    private static func canRead(_ key: KeyDescription, in directory: URL) -> Bool {
        guard key.problem == nil, let encryption = key.encryption else { return false }
        return SecretKeyFile(encryption.keygrip, in: directory).protection == .passphrase
    }
}

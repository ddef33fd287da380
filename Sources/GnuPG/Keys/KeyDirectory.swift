package import Foundation
package import OpenPGP

/// A user's key directory: the files of a GnuPG home that are worth keeping.
package enum KeyDirectory {
    package static let publicKeys = "pubring.kbx"
    package static let secretKeys = "private-keys-v1.d"
    package static let revocations = "openpgp-revocs.d"

    /// The keys in a key directory, as far as their public parts tell.
    package static func keys(in directory: URL) throws(OpenPGPError) -> [KeyDescription] {
        let runtime = try RuntimeDirectory()
        defer { withExtendedLifetime(runtime) {} }
        let home = try GnuPGHome(in: runtime)
        try home.copyPublicKeys(from: directory)
        return try home.listKeys().map(\.description)
    }

    /// Which of the keys in a key directory has a fingerprint, with its subkeys and the other keys.
    ///
    /// - Throws: `.key` when it is not there, is there twice, or has no encryption subkey.
    package static func identity(of fingerprint: String, in directory: URL) throws(OpenPGPError) -> KeyIdentity {
        let runtime = try RuntimeDirectory()
        defer { withExtendedLifetime(runtime) {} }
        let home = try GnuPGHome(in: runtime)
        try home.copyPublicKeys(from: directory)
        return try RecipientKey(fingerprint, in: home).identity
    }

    /// How the secret part of a subkey is kept in a key directory.
    ///
    /// - Returns: nil when it is not there.
    package static func protection(
        of subkey: KeyDescription.Subkey, in directory: URL
    ) -> SecretKeyFile.Protection? {
        SecretKeyFile(subkey.keygrip, in: directory).protection
    }

    /// The keygrips of the secret keys in a key directory.
    static func keygrips(in directory: URL) -> [String] {
        names(in: directory.appending(path: secretKeys), endingWith: ".key").map { String($0.dropLast(4)) }
            .filter { $0.utf8.count == 40 && $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
    }

    /// The files that make up a key directory, relative to it.
    static func files(in directory: URL) -> [String] {
        names(in: directory, endingWith: publicKeys).filter { $0 == publicKeys }
            + keygrips(in: directory).map { "\(secretKeys)/\($0).key" }
            + names(in: directory.appending(path: revocations), endingWith: ".rev").map { "\(revocations)/\($0)" }
    }

    /// The names of the regular files in a directory: a link, a pipe or a directory is nobody's key.
    private static func names(in directory: URL, endingWith suffix: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
        return (names ?? []).filter { name in
            var status = stat()
            return name.hasSuffix(suffix) && !name.hasPrefix(".")
                && lstat(directory.appending(path: name).path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }.sorted()
    }
}

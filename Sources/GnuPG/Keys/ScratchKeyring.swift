package import Foundation
package import OpenPGP

/// A copy of a user's key directory in a GnuPG home, where the keys are changed before they are published.
///
/// Nothing is changed in the user's directory before one of the `publish` functions is called.
package final class ScratchKeyring {
    private let runtime: RuntimeDirectory
    let home: GnuPGHome
    /// The contents of the user's directory, by file name, as far as they are known.
    var published: [String: Data] = [:]

    /// - Parameter directory: the user's key directory; nil begins with no keys.
    package init(keysIn directory: URL?) throws(OpenPGPError) {
        runtime = try RuntimeDirectory()
        home = try GnuPGHome(in: runtime, s2kCount: GnuPGHome.userS2KCount)
        guard let directory else { return }
        try home.copyPublicKeys(from: directory)
        for keygrip in KeyDirectory.keygrips(in: directory) { try home.copySecretKey(keygrip, from: directory) }
        published = try home.keyFiles()
    }

    /// The copy, which has the files of a key directory.
    package var directory: URL { home.url }

    /// All keys.
    package func keys() throws(OpenPGPError) -> [KeyDescription] { try home.listKeys().map(\.description) }

    /// Whether the secret part of a subkey is here and can be used.
    package func hasSecret(_ subkey: KeyDescription.Subkey) -> Bool {
        SecretKeyFile(subkey.keygrip, in: directory).isUsable
    }

    /// Exports keys as a text in ASCII armor.
    ///
    /// - Throws: `.passphrase` when it opens none of the secret keys.
    package func export(_ part: KeyPart, of fingerprints: [String]) throws(OpenPGPError) -> Data {
        let keys = try fingerprints.map { fingerprint throws(OpenPGPError) in try home.key(fingerprint) }
        let text = try home.export(part, of: keys, armored: true)
        // gpg does not report a key that it has left out because the passphrase is wrong.
        guard !text.isEmpty else { throw OpenPGPError(.passphrase, "the passphrase does not open the key") }
        return Data(text)
    }
}

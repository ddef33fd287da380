internal import OpenPGP

/// The public key that files are encrypted to, pinned to one encryption subkey.
///
/// Sendable, although it holds a C object: a gpgme key does not change once it is listed, and gpgme guards its
/// reference count with a lock (`key.c`, `key_ref_lock`).
final class RecipientKey: @unchecked Sendable {
    let listed: ListedKey
    let encryption: KeyDescription.Subkey
    /// The encryption subkey's fingerprint.
    var subkeyFingerprint: [UInt8] { [UInt8](hex: encryption.fingerprint) }
    /// The encryption subkey's key ID and whether it can be used.
    let recipient: Recipient

    /// The other primary keys in the home.
    let others: [ListedKey]
    /// Which key it is.
    var identity: KeyIdentity {
        KeyIdentity(
            fingerprint: listed.description.fingerprint, encryption: encryption.fingerprint,
            subkeys: listed.description.subkeys.dropFirst().map(\.fingerprint),
            others: others.map(\.description.fingerprint))
    }

    /// Looks a key up.
    ///
    /// An expired or revoked key is no error: files that are encrypted to it can still be read.
    ///
    /// - Throws: `.key` when the key is not in the home, is there twice, or has no encryption subkey.
    init(_ fingerprint: String, in home: GnuPGHome) throws(OpenPGPError) {
        let keys = try home.listKeys()
        let found = keys.filter { $0.description.fingerprint == fingerprint }
        guard let key = found.first else { throw .missingKey(fingerprint) }
        guard found.count == 1 else {
            throw OpenPGPError(.key, "the key \(fingerprint) is in the user's key directory more than once")
        }
        listed = key
        others = keys.filter { $0 !== key }
        guard let encryption = listed.description.encryption, !encryption.keygrip.isEmpty else {
            throw OpenPGPError(.key, "the key \(fingerprint) has no subkey for encryption")
        }
        self.encryption = encryption
        recipient = Recipient(
            keyID: encryption.keyID,
            unusableReason: listed.description.unusableReason.map {
                "the key \($0): extend or replace it with gpg, then log in again"
            })
    }
}

internal import CGPGME

/// A public key as gpg has listed it.
///
/// The corresponding C function is `gpgme_key_unref`.
final class ListedKey {
    let raw: gpgme_key_t
    let description: KeyDescription

    /// Takes over a reference to a gpgme key.
    ///
    /// - Returns: nil for a key that gpg lists without what every key has.
    init?(_ raw: gpgme_key_t) {
        guard let description = KeyDescription(raw) else {
            gpgme_key_unref(raw)
            return nil
        }
        self.raw = raw
        self.description = description
    }

    deinit {
        gpgme_key_unref(raw)
    }
}

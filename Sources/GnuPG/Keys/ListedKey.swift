internal import CGPGME
internal import OpenPGP

/// A public key in the home of this process.
///
/// The corresponding C functions are `gpgme_op_keylist_next` and `gpgme_key_unref`.
final class ListedKey {
    let raw: gpgme_key_t
    let description: KeyDescription

    private init?(_ raw: gpgme_key_t) {
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

    /// All there are, or all that a pattern of gpg's finds, such as a fingerprint.
    static func all(_ pattern: String? = nil) throws(OpenPGPError) -> [ListedKey] {
        let context = try Context(stallTimeout: GnuPG.stallTimeout)
        gpgme_set_keylist_mode(
            context.raw, gpgme_keylist_mode_t(GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_KEYGRIP))
        try check(gpgme_op_keylist_start(context.raw, pattern, 0), .engine, "gpg cannot list keys")
        var keys: [ListedKey] = []
        var key: gpgme_key_t?
        while gpgme_op_keylist_next(context.raw, &key) == 0, let found = key {
            if let listed = ListedKey(found) { keys.append(listed) }
        }
        return keys
    }
}

internal import CGPGME
package import Secrets

/// The part of a key that gpg exports.
package enum KeyPart {
    case publicKeys
    /// Without the signatures of other people (gpg's `export-minimal`).
    case minimalPublicKeys
    /// All secret keys; the passphrase opens them, and protects them in the export, too.
    case secretKeys(SecretBytes)
    /// The secret subkeys without the secret primary key; the passphrase is as for ``secretKeys(_:)``.
    case secretSubkeys(SecretBytes)

    var mode: gpgme_export_mode_t {
        switch self {
        case .publicKeys: 0
        case .minimalPublicKeys: gpgme_export_mode_t(GPGME_EXPORT_MODE_MINIMAL)
        case .secretKeys: gpgme_export_mode_t(GPGME_EXPORT_MODE_SECRET)
        case .secretSubkeys: gpgme_export_mode_t(GPGME_EXPORT_MODE_SECRET_SUBKEY)
        }
    }

    var passphrase: SecretBytes? {
        switch self {
        case .publicKeys, .minimalPublicKeys: nil
        case .secretKeys(let passphrase), .secretSubkeys(let passphrase): passphrase
        }
    }
}

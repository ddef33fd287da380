internal import CGPGME
private import OpenPGP

extension KeyDescription {
    /// The public facts about a primary key or a subkey.
    package struct Subkey: Sendable {
        package enum Family: String, Sendable {
            case rsa, dsa, elgamal, elliptic, unknown
        }

        package let fingerprint: String
        /// The eight bytes by which a PKESK names it.
        package let keyID: [UInt8]
        /// The name of its file in `private-keys-v1.d`; empty for an algorithm that this machine does not know.
        package let keygrip: String
        /// For example `ed25519` or `rsa3072`.
        package let algorithm: String
        package let family: Family
        package let bits: Int
        /// Seconds since 1970.
        package let created: Int
        /// Seconds since 1970; nil when it does not expire.
        package let expires: Int?
        package let canEncrypt: Bool
        package let isRevoked: Bool
        package let isExpired: Bool
        let isDisabled: Bool
        let isECDH: Bool

        var isUsable: Bool { !isRevoked && !isExpired && !isDisabled }
    }
}

extension KeyDescription.Subkey {
    /// The C function is `gpgme_pubkey_algo_string`.
    ///
    /// - Returns: nil for a subkey without a fingerprint or key ID.
    init?(_ raw: gpgme_subkey_t) {
        let subkey = raw.pointee
        guard let fingerprint = subkey.fpr, let keyID = subkey.keyid else { return nil }
        let algorithm = gpgme_pubkey_algo_string(raw)
        defer { gpgme_free(algorithm) }
        self.fingerprint = String(cString: fingerprint)
        self.keyID = [UInt8](hex: String(cString: keyID))
        keygrip = subkey.keygrip.map { String(cString: $0) } ?? ""
        self.algorithm = algorithm.map { String(cString: $0) } ?? "unknown"
        created = subkey.timestamp
        expires = subkey.expires > 0 ? subkey.expires : nil
        canEncrypt = subkey.can_encrypt != 0
        isRevoked = subkey.revoked != 0
        isExpired = subkey.expired != 0
        isDisabled = subkey.disabled != 0
        family =
            switch subkey.pubkey_algo {
            case GPGME_PK_RSA, GPGME_PK_RSA_E, GPGME_PK_RSA_S: .rsa
            case GPGME_PK_DSA: .dsa
            case GPGME_PK_ELG, GPGME_PK_ELG_E: .elgamal
            case GPGME_PK_ECC, GPGME_PK_ECDSA, GPGME_PK_ECDH, GPGME_PK_EDDSA: .elliptic
            default: .unknown
            }
        bits = Int(subkey.length)
        isECDH = subkey.pubkey_algo == GPGME_PK_ECDH
    }
}

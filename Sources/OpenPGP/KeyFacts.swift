private import CGPGME

/// What the public part of a key tells of it.
///
/// The C types are `gpgme_key_t` and `gpgme_subkey_t`.
package struct KeyFacts: Sendable {
    /// The primary key or a subkey.
    package struct Part: Sendable {
        package enum Algorithm: String, Sendable {
            case rsa, dsa, elgamal, elliptic, unknown
        }

        package let fingerprint: String
        /// The eight octets by which a message names it.
        package let keyID: [UInt8]
        package let algorithm: Algorithm
        package let bits: Int
        package let canEncrypt: Bool
        package let isRevoked: Bool
        package let isExpired: Bool
        /// Seconds since 1970; nil when it does not expire.
        package let expires: Int?
    }

    package let fingerprint: String
    /// The primary key first.
    package let parts: [Part]

    /// The ones that messages can be for.
    package var encryptionParts: [Part] { parts.filter(\.canEncrypt) }

    /// All keys in the home of this process.
    ///
    /// The C function is `gpgme_op_keylist_next`.
    static func all() throws(OpenPGPError) -> [KeyFacts] {
        let context = try Context(patience: GnuPG.patience)
        try check(gpgme_op_keylist_start(context.raw, nil, 0), .engine, "gpg cannot list keys")
        var keys: [KeyFacts] = []
        var key: gpgme_key_t?
        while gpgme_op_keylist_next(context.raw, &key) == 0, let found = key {
            keys.append(KeyFacts(found))
            gpgme_key_unref(found)
        }
        return keys
    }

    private init(_ key: gpgme_key_t) {
        fingerprint = key.pointee.fpr.map { String(cString: $0) } ?? ""
        var parts: [Part] = []
        var next = key.pointee.subkeys
        while let subkey = next {
            parts.append(Part(subkey.pointee))
            next = subkey.pointee.next
        }
        self.parts = parts
    }
}

extension KeyFacts.Part {
    fileprivate init(_ subkey: gpgme_subkey_t.Pointee) {
        fingerprint = subkey.fpr.map { String(cString: $0) } ?? ""
        keyID = RecipientKey.octets(subkey.keyid.map { String(cString: $0) } ?? "")
        algorithm =
            switch subkey.pubkey_algo {
            case GPGME_PK_RSA, GPGME_PK_RSA_E, GPGME_PK_RSA_S: .rsa
            case GPGME_PK_DSA: .dsa
            case GPGME_PK_ELG, GPGME_PK_ELG_E: .elgamal
            case GPGME_PK_ECC, GPGME_PK_ECDSA, GPGME_PK_ECDH, GPGME_PK_EDDSA: .elliptic
            default: .unknown
            }
        bits = Int(subkey.length)
        canEncrypt = subkey.can_encrypt != 0
        isRevoked = subkey.revoked != 0
        isExpired = subkey.expired != 0
        expires = subkey.expires > 0 ? Int(subkey.expires) : nil
    }
}

internal import CGPGME
private import Glibc
package import OpenPGP

/// What is known of a key without its secret part.
package struct KeyDescription: Sendable {
    /// The primary key or a subkey.
    package struct Subkey: Sendable {
        package enum Family: String, Sendable {
            case rsa, dsa, elgamal, elliptic, unknown
        }

        package let fingerprint: String
        /// The eight bytes by which messages name it.
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
        /// Whether it encrypts by an exchange on a curve.
        fileprivate let isExchange: Bool
    }

    package let userIDs: [String]
    /// The primary key first.
    package let subkeys: [Subkey]
    /// The one that files are encrypted to; nil when there is none, usable or not.
    package let encryption: Subkey?

    package var primary: Subkey { subkeys[0] }
    package var fingerprint: String { primary.fingerprint }
    /// The ones that messages can be for.
    package var encryptionSubkeys: [Subkey] { subkeys.filter(\.canEncrypt) }

    /// - Returns: nil for a key that gpg lists without what every key has.
    init?(_ key: gpgme_key_t) {
        var subkeys: [Subkey] = []
        var next = key.pointee.subkeys
        while let subkey = next {
            guard let description = Subkey(subkey) else { return nil }
            subkeys.append(description)
            next = subkey.pointee.next
        }
        guard !subkeys.isEmpty else { return nil }
        self.subkeys = subkeys
        let chosen = RecipientKey.encryptionSubkey(of: key).flatMap { $0.fpr }.map { String(cString: $0) }
        encryption = subkeys.first { $0.fingerprint == chosen }
        var userIDs: [String] = []
        var user = key.pointee.uids
        while let current = user {
            if let text = current.pointee.uid { userIDs.append(String(cString: text)) }
            user = current.pointee.next
        }
        self.userIDs = userIDs
    }

    /// Why nothing should be encrypted to the key, or nil.
    package var refusal: String? {
        guard let encryption else { return "it has no subkey for encryption" }
        if primary.isRevoked || encryption.isRevoked { return "it was revoked" }
        if primary.isExpired || encryption.isExpired { return "it has expired" }
        guard fingerprint.utf8.count == 40 else { return "it is not of version 4" }
        switch encryption.family {
        case .elliptic where encryption.isExchange: return nil
        case .rsa: return encryption.bits >= 2048 ? nil : "\(encryption.algorithm) is too short"
        default: return "\(encryption.algorithm) is not supported: X25519, another curve, or RSA is"
        }
    }
}

extension KeyDescription.Subkey {
    /// The C function is `gpgme_pubkey_algo_string`.
    fileprivate init?(_ raw: gpgme_subkey_t) {
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
        family =
            switch subkey.pubkey_algo {
            case GPGME_PK_RSA, GPGME_PK_RSA_E, GPGME_PK_RSA_S: .rsa
            case GPGME_PK_DSA: .dsa
            case GPGME_PK_ELG, GPGME_PK_ELG_E: .elgamal
            case GPGME_PK_ECC, GPGME_PK_ECDSA, GPGME_PK_ECDH, GPGME_PK_EDDSA: .elliptic
            default: .unknown
            }
        bits = Int(subkey.length)
        isExchange = subkey.pubkey_algo == GPGME_PK_ECDH
    }
}

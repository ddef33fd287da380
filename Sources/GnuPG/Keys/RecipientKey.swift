internal import CGPGME
private import Glibc
internal import OpenPGP

/// A public key that files are encrypted to, pinned to one encryption subkey.
///
/// Sendable, although it holds a C object: a gpgme key does not change once it is listed, and gpgme guards its
/// reference count with a lock (`key.c`, `key_ref_lock`).
final class RecipientKey: @unchecked Sendable {
    private let listed: ListedKey
    var raw: gpgme_key_t { listed.raw }
    let fingerprint: String
    let subkeyFingerprint: [UInt8]
    /// The eight bytes by which a message names the encryption subkey.
    let keyID: [UInt8]
    /// The name of the subkey's file in `private-keys-v1.d`.
    let keygrip: String
    /// Why nothing can be encrypted to it, or nil.
    let unusable: String?

    /// Looks a key up in the home of this process.
    ///
    /// - Throws: `.key` when it is not there or has no encryption subkey. One that has expired is found.
    init(fingerprint: String) throws(OpenPGPError) {
        // Not with `gpgme_get_key`: that makes a context of its own, which starts `gpg --version` once more.
        guard let listed = try ListedKey.all(fingerprint).first else {
            throw OpenPGPError(.key, "the key \(fingerprint) is not in the user's key directory")
        }
        self.listed = listed
        let key = listed.raw
        let primary = key.pointee.subkeys?.pointee
        guard let subkey = RecipientKey.encryptionSubkey(of: key), let keyID = subkey.keyid,
            let keygrip = subkey.keygrip, let subkeyFingerprint = subkey.fpr
        else {
            throw OpenPGPError(.key, "the key \(fingerprint) has no subkey for encryption")
        }
        self.fingerprint = fingerprint
        self.subkeyFingerprint = [UInt8](hex: String(cString: subkeyFingerprint))
        self.keyID = [UInt8](hex: String(cString: keyID))
        self.keygrip = String(cString: keygrip)
        let expiry = [primary?.expires, subkey.expires].compactMap { $0 }.filter { $0 > 0 }.min()
        unusable = RecipientKey.reasonAgainst(key, subkey, expiry)
    }

    /// The subkey gpg would take: the newest that can encrypt; a usable one before one that is not.
    static func encryptionSubkey(of key: gpgme_key_t) -> gpgme_subkey_t.Pointee? {
        var candidates: [gpgme_subkey_t.Pointee] = []
        var next = key.pointee.subkeys
        while let subkey = next {
            if subkey.pointee.can_encrypt != 0 { candidates.append(subkey.pointee) }
            next = subkey.pointee.next
        }
        func rank(_ subkey: gpgme_subkey_t.Pointee) -> (Int, Int) {
            (subkey.revoked == 0 && subkey.expired == 0 && subkey.disabled == 0 ? 1 : 0, Int(subkey.timestamp))
        }
        return candidates.max { rank($0) < rank($1) }
    }

    private static func reasonAgainst(
        _ key: gpgme_key_t, _ subkey: gpgme_subkey_t.Pointee, _ expiry: Int?
    ) -> String? {
        if key.pointee.revoked != 0 || subkey.revoked != 0 { return "the key was revoked" }
        if key.pointee.expired != 0 || subkey.expired != 0 {
            return "the key expired on \(expiry.map(day) ?? "an unknown day"): extend it with gpg, then log in again"
        }
        if key.pointee.disabled != 0 || subkey.disabled != 0 { return "the key is disabled" }
        return nil
    }

    private static func day(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        var text = [CChar](repeating: 0, count: 16)
        strftime(&text, text.count, "%Y-%m-%d", &fields)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

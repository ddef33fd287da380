internal import CLibSSH
private import Foundation

/// A public key: one that a client offers, or one that server.conf allows.
///
/// The corresponding C functions are `ssh_pki_import_pubkey_base64` and `ssh_key_free`.
package final class PublicKey {
    let raw: ssh_key
    private let isOwned: Bool

    /// Reads a line of `authorized_keys`: type, base64, and a comment that is ignored.
    ///
    /// - Returns: nil for a line that is not a supported key. That includes lines with options, which would restrict
    ///   the key and are not supported.
    package init?(line: String) {
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count >= 2, Algorithms.publicKeyTypes.contains(String(fields[0])) else { return nil }
        var key: ssh_key?
        let type = ssh_key_type_from_name(String(fields[0]))
        guard ssh_pki_import_pubkey_base64(String(fields[1]), type, &key) == SSH_OK, let key else { return nil }
        raw = key
        isOwned = true
    }

    /// Wraps a key that libssh lends for the time of a callback.
    init(borrowing key: ssh_key) {
        raw = key
        isOwned = false
    }

    deinit {
        if isOwned { ssh_key_free(raw) }
    }

    /// The key's type and numbers in binary (RFC 4253, section 6.6): the same bytes for the same key.
    ///
    /// The C function is `ssh_pki_export_pubkey_base64`.
    package var blob: [UInt8]? {
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_pubkey_base64(raw, &text) == SSH_OK, let text else { return nil }
        defer { ssh_string_free_char(text) }
        return Data(base64Encoded: String(cString: text)).map { Array($0) }
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    package var fingerprint: String {
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard ssh_get_publickey_hash(raw, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == SSH_OK else { return "" }
        defer { ssh_clean_pubkey_hash(&hash) }
        guard let text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length) else { return "" }
        defer { ssh_string_free_char(text) }
        return String(cString: text)
    }
}

extension Algorithms {
    /// The key types of `authorized_keys` lines; that of an RSA key does not contain the hash.
    fileprivate static let publicKeyTypes = Set(
        publicKeys.split(separator: ",").map(String.init).filter { !$0.hasPrefix("rsa-") } + ["ssh-rsa"])
}

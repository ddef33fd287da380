internal import CLibSSH
private import Foundation

/// A key that the server proves its identity with.
///
/// The corresponding C functions are `ssh_pki_generate`, `ssh_pki_import_privkey_file` and `ssh_key_free`.
package final class HostKey {
    package enum Kind: String, CaseIterable {
        case ed25519
        case rsa

        fileprivate var type: ssh_keytypes_e { self == .ed25519 ? SSH_KEYTYPE_ED25519 : SSH_KEYTYPE_RSA }
        fileprivate var bits: Int32 { self == .ed25519 ? 0 : 3072 }
    }

    let raw: ssh_key

    /// Makes a new key.
    package init(generating kind: Kind) throws(SSHError) {
        var key: ssh_key?
        guard ssh_pki_generate(kind.type, kind.bits, &key) == SSH_OK, let key else {
            throw SSHError("cannot make a host key")
        }
        raw = key
    }

    /// Reads the key file at `path`.
    package init(path: String) throws(SSHError) {
        var key: ssh_key?
        guard ssh_pki_import_privkey_file(path, nil, nil, nil, &key) == SSH_OK, let key else {
            throw SSHError("cannot read the host key \(path)")
        }
        raw = key
    }

    deinit {
        ssh_key_free(raw)
    }

    /// Writes a key file that must not exist yet, readable for this user only, through to the disk: whole or not at
    /// all.
    package func write(to path: String) throws(SSHError) {
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_privkey_base64(raw, nil, nil, nil, &text) == SSH_OK, let text else {
            throw SSHError("cannot export the host key")
        }
        let length = strlen(text)
        defer {
            explicit_bzero(text, length)
            ssh_string_free_char(text)
        }
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SSHError("cannot make \(draft): \(String(cString: strerror(errno)))") }
        let isWritten = Foundation.write(descriptor, text, length) == length && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(draft, path) == 0 else {
            unlink(draft)
            throw SSHError("cannot write \(path)")
        }
    }

    /// One line as `ssh-keygen -l` prints it: bits, hash, comment, type.
    package var fingerprintLine: String {
        let type = ssh_key_type(raw)
        let name = type == SSH_KEYTYPE_ED25519 ? "ED25519" : type == SSH_KEYTYPE_RSA ? "RSA" : "ECDSA"
        return "\(bits) \(PublicKey(borrowing: raw).fingerprint) no comment (\(name))"
    }

    /// The size of the key: of the modulus for RSA, which is the last number of its public part (RFC 4253, section
    /// 6.6).
    private var bits: Int {
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_key_type(raw) == SSH_KEYTYPE_RSA, ssh_pki_export_pubkey_base64(raw, &text) == SSH_OK, let text else {
            return 256
        }
        defer { ssh_string_free_char(text) }
        guard let blob = Data(base64Encoded: String(cString: text)) else { return 0 }
        // Type and exponent, each with a length of four bytes before it; then the modulus, likewise.
        var rest = blob[...]
        var field = Data()
        while rest.count >= 4 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            field = Data(rest.dropFirst(4).prefix(length))
            rest = rest.dropFirst(4 + length)
        }
        let digits = field.drop { $0 == 0 }
        return digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 0)
    }
}

internal import CLibSSH
private import Foundation
private import Platform

/// A host key: the server proves its identity with it.
///
/// The corresponding C functions are `ssh_pki_generate`, `ssh_pki_import_privkey_base64` and `ssh_key_free`.
package final class HostKey {
    package enum Kind: String, CaseIterable {
        case ed25519
        case rsa

        fileprivate var type: ssh_keytypes_e { self == .ed25519 ? SSH_KEYTYPE_ED25519 : SSH_KEYTYPE_RSA }
        fileprivate var bits: Int32 { self == .ed25519 ? 0 : 3072 }
    }

    let raw: ssh_key

    /// Generates a key.
    package init(generating kind: Kind) throws(SSHError) {
        var key: ssh_key?
        guard ssh_pki_generate(kind.type, kind.bits, &key) == SSH_OK, let key else {
            throw SSHError("cannot make a host key")
        }
        raw = key
    }

    /// Reads the key file at `path`, which must be a regular file.
    ///
    /// The corresponding C function is `ssh_pki_import_privkey_base64`.
    package init(path: String) throws(SSHError) {
        var text: [UInt8]
        do throws(RegularFile.Failure) {
            text = try RegularFile.read(path)
        } catch {
            throw SSHError("cannot read the host key \(path): \(error)")
        }
        text.append(0)
        defer {
            text.withUnsafeMutableBytes { bytes in
                if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
            }
        }
        var key: ssh_key?
        let imported = text.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                ssh_pki_import_privkey_base64(characters.baseAddress, nil, nil, nil, &key)
            }
        }
        guard imported == SSH_OK, let key else { throw SSHError("cannot read the host key \(path): it is no key") }
        raw = key
    }

    /// Makes a key with a given public part and a secret that is not that of the public part.
    ///
    /// libssh takes no host key without a secret. A ``HostKeyDelegate`` makes the signatures.
    ///
    /// - Parameter publicKey: see ``HostKeySigner/publicKey``.
    package init(standingInFor publicKey: [UInt8]) throws(SSHError) {
        var key: ssh_key?
        guard let text = HostKeyFile.standIn(for: publicKey),
            ssh_pki_import_privkey_base64(text, nil, nil, nil, &key) == SSH_OK, let key
        else { throw SSHError("a host key is of a kind that is not known") }
        raw = key
    }

    deinit {
        ssh_key_free(raw)
    }

    /// The public part, as clients see it (RFC 4253, section 6.6).
    func publicKey() throws(SSHError) -> [UInt8] {
        guard let blob = PublicKey(borrowing: raw).blob else { throw SSHError("cannot export a host key") }
        return blob
    }

    /// The whole key as a text: in PEM for RSA, else in OpenSSH's format.
    func privateText() throws(SSHError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_privkey_base64(raw, nil, nil, nil, &text) == SSH_OK, let text else {
            throw SSHError("cannot export a host key")
        }
        defer {
            explicit_bzero(text, strlen(text))
            ssh_string_free_char(text)
        }
        return String(cString: text)
    }

    /// Writes a key file that this user alone can read, all or nothing, and returns when it is on the disk.
    ///
    /// - Throws: when there is a file at `path` already; it stays as it is.
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
        do throws(SystemError) {
            try DurableFile.create(URL(filePath: path), with: UnsafeRawBufferPointer(start: text, count: length))
        } catch {
            throw SSHError("cannot write the host key \(path): \(error)")
        }
    }

    /// One line as `ssh-keygen -l` prints it: bits, hash, comment, type.
    package var fingerprintLine: String {
        let type = ssh_key_type(raw)
        let name = type == SSH_KEYTYPE_ED25519 ? "ED25519" : type == SSH_KEYTYPE_RSA ? "RSA" : "ECDSA"
        return "\(bits) \(PublicKey(borrowing: raw).fingerprint) no comment (\(name))"
    }

    /// A line for a client's `known_hosts` (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
    ///
    /// - Parameters:
    ///   - host: the server's address, without brackets.
    ///   - port: the server's port.
    package func knownHostsLine(host: String, port: UInt16) -> String {
        let name = port == 22 ? host : "[\(host)]:\(port)"
        let type = String(cString: ssh_key_type_to_char(ssh_key_type(raw)))
        return "\(name) \(type) \(publicBase64 ?? "")"
    }

    /// The public key as base64 (RFC 4253, section 6.6).
    private var publicBase64: String? {
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_pubkey_base64(raw, &text) == SSH_OK, let text else { return nil }
        defer { ssh_string_free_char(text) }
        return String(cString: text)
    }

    /// The key's size in bits; for RSA the size of the modulus, the last number of the public key (RFC 4253, section
    /// 6.6).
    private var bits: Int {
        guard ssh_key_type(raw) == SSH_KEYTYPE_RSA, let publicBase64 else { return 256 }
        guard let blob = Data(base64Encoded: publicBase64) else { return 0 }
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

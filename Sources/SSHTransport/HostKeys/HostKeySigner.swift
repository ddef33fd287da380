private import CHostKey
private import CLibSSH

/// Makes the signatures of one host key (RFC 4253, section 8), with libcrypto.
///
/// libssh has no function that only signs. The C function is `EVP_DigestSign`.
package final class HostKeySigner {
    /// The public key that clients check the signatures with (RFC 4253, section 6.6).
    package let publicKey: [UInt8]
    /// The hashes that a signature may have, in bits: 0 for Ed25519, which has its own.
    private let hashes: Set<Int>
    private let raw: OpaquePointer

    /// Bytes of the longest signature: that of an RSA key with 16,384 bits.
    static let longestSignature = 2048
    /// Bytes of an exchange hash: SHA-256, SHA-384 or SHA-512.
    private static let exchangeHashes: Set<Int> = [32, 48, 64]

    /// Prepares to sign with a host key.
    package init(_ key: HostKey) throws(SSHError) {
        publicKey = try key.publicKey()
        let isRSA = ssh_key_type(key.raw) == SSH_KEYTYPE_RSA
        hashes = isRSA ? [256, 512] : [0]
        let text = try key.privateText()
        let made =
            isRSA ? host_key_from_pem(text) : HostKeyFile.ed25519Secret(in: text).flatMap { host_key_from_ed25519($0) }
        guard let made else { throw SSHError("a host key is of a kind that cannot sign") }
        raw = made
    }

    deinit {
        host_key_free(raw)
    }

    /// Signs an exchange hash.
    ///
    /// - Parameters:
    ///   - exchangeHash: 32, 48 or 64 bytes.
    ///   - hashBits: the hash in the signature, in bits: 256 or 512 for RSA, 0 for Ed25519.
    /// - Returns: nil for what no key exchange asks for.
    package func sign(_ exchangeHash: [UInt8], hashBits: Int) -> [UInt8]? {
        guard hashes.contains(hashBits), HostKeySigner.exchangeHashes.contains(exchangeHash.count) else { return nil }
        var signature = [UInt8](repeating: 0, count: HostKeySigner.longestSignature)
        var length = signature.count
        let result = host_key_sign(
            raw, Int32(hashBits), exchangeHash, exchangeHash.count, &signature, &length)
        guard result == 1, (1...signature.count).contains(length) else { return nil }
        return Array(signature.prefix(length))
    }
}

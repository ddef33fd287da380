private import CGcrypt
private import Secrets

/// AES in cipher feedback mode, as a stream that can begin at any block.
///
/// Cipher feedback needs only the block before: what comes earlier need not be read.
///
/// Source: RFC 4880, section 5.13 (no resynchronization); the C functions are `gcry_cipher_open`, `gcry_cipher_setiv` and
/// `gcry_cipher_decrypt`.
final class CipherFeedback {
    static let block = 16

    private let handle: gcry_cipher_hd_t

    /// A stream at its start.
    init(_ key: SessionKey) throws(OpenPGPError) {
        let algorithm =
            switch key.octets.count {
            case 16: GCRY_CIPHER_AES
            case 24: GCRY_CIPHER_AES192
            default: GCRY_CIPHER_AES256
            }
        var opened: gcry_cipher_hd_t?
        guard Gcrypt.ready,
            gcry_cipher_open(&opened, Int32(algorithm.rawValue), Int32(GCRY_CIPHER_MODE_CFB.rawValue), 0) == 0,
            let opened
        else { throw OpenPGPError(.engine, "libgcrypt has no AES") }
        handle = opened
        let result = key.octets.withUnsafeBytes { gcry_cipher_setkey(opened, $0.baseAddress, $0.count) }
        guard result == 0 else { throw OpenPGPError(.engine, "libgcrypt does not take the key") }
        try restart(after: nil)
    }

    deinit {
        gcry_cipher_close(handle)
    }

    /// Moves the stream.
    ///
    /// - Parameter before: the 16 octets of cipher text before its new place; nil for the start.
    func restart(after before: UnsafeRawBufferPointer?) throws(OpenPGPError) {
        guard gcry_cipher_setiv(handle, before?.baseAddress, before?.count ?? 0) == 0 else {
            throw OpenPGPError(.engine, "libgcrypt cannot start to decrypt")
        }
    }

    /// Decrypts the next octets.
    ///
    /// - Parameter plain: as long as `cipher`; elsewhere.
    func decrypt(
        _ cipher: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) {
        guard
            cipher.isEmpty
                || gcry_cipher_decrypt(handle, plain.baseAddress, plain.count, cipher.baseAddress, cipher.count) == 0
        else { throw OpenPGPError(.engine, "libgcrypt cannot decrypt") }
    }

    /// Decrypts the next octets where they are.
    func decrypt(_ octets: UnsafeMutableRawBufferPointer) throws(OpenPGPError) {
        guard octets.isEmpty || gcry_cipher_decrypt(handle, octets.baseAddress, octets.count, nil, 0) == 0 else {
            throw OpenPGPError(.engine, "libgcrypt cannot decrypt")
        }
    }
}

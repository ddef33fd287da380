private import CGcrypt
internal import Secrets

/// AES in cipher feedback mode (CFB), as a stream that can start at any block.
///
/// To decrypt a block CFB needs only the block of ciphertext before it: earlier ones need not be read.
///
/// Source: RFC 4880, section 5.13 (without resynchronization); the C functions are `gcry_cipher_setiv`,
/// `gcry_cipher_encrypt` and `gcry_cipher_decrypt`.
final class CipherFeedback {
    /// Bytes of a block.
    static let block = 16

    private let handle: gcry_cipher_hd_t

    /// Opens a stream at its start.
    convenience init(_ key: SessionKey) throws(OpenPGPError) {
        try self.init(key.bytes)
    }

    /// Opens a stream at its start.
    ///
    /// - Parameter key: 16, 24 or 32 bytes.
    init(_ key: SecretBytes) throws(OpenPGPError) {
        handle = try Gcrypt.aes(key, GCRY_CIPHER_MODE_CFB)
        try restart(after: nil)
    }

    deinit {
        gcry_cipher_close(handle)
    }

    /// Moves the stream to another block.
    ///
    /// - Parameter before: the 16 bytes of ciphertext before that block; nil for the start.
    func restart(after before: UnsafeRawBufferPointer?) throws(OpenPGPError) {
        guard gcry_cipher_setiv(handle, before?.baseAddress, before?.count ?? 0) == 0 else {
            throw OpenPGPError(.engine, "libgcrypt does not take the initialisation vector")
        }
    }

    /// Encrypts the next bytes in place.
    func encrypt(_ bytes: UnsafeMutableRawBufferPointer) throws(OpenPGPError) {
        guard bytes.isEmpty || gcry_cipher_encrypt(handle, bytes.baseAddress, bytes.count, nil, 0) == 0 else {
            throw OpenPGPError(.engine, "libgcrypt cannot encrypt")
        }
    }

    /// Decrypts the next bytes into another buffer.
    ///
    /// - Parameter plain: as long as `cipher`, not overlapping it.
    func decrypt(
        _ cipher: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) {
        guard
            cipher.isEmpty
                || gcry_cipher_decrypt(handle, plain.baseAddress, plain.count, cipher.baseAddress, cipher.count) == 0
        else { throw OpenPGPError(.engine, "libgcrypt cannot decrypt") }
    }

    /// Decrypts the next bytes in place.
    func decrypt(_ bytes: UnsafeMutableRawBufferPointer) throws(OpenPGPError) {
        guard bytes.isEmpty || gcry_cipher_decrypt(handle, bytes.baseAddress, bytes.count, nil, 0) == 0 else {
            throw OpenPGPError(.engine, "libgcrypt cannot decrypt")
        }
    }
}

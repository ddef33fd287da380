internal import CGcrypt
internal import Secrets

/// The one-time initialisation of libgcrypt, and its AES ciphers.
enum Gcrypt {
    /// Whether the library is as new as the headers this was built with.
    ///
    /// The C function is `gcry_check_version`.
    static let ready = gcry_check_version(GCRYPT_VERSION) != nil

    /// Opens an AES cipher and sets its key; the handle is the caller's to close.
    ///
    /// The C functions are `gcry_cipher_open` and `gcry_cipher_setkey`.
    ///
    /// - Parameter key: 16, 24 or 32 bytes.
    static func aes(_ key: SecretBytes, _ mode: gcry_cipher_modes) throws(OpenPGPError) -> gcry_cipher_hd_t {
        let algorithm =
            switch key.count {
            case 16: GCRY_CIPHER_AES
            case 24: GCRY_CIPHER_AES192
            default: GCRY_CIPHER_AES256
            }
        var opened: gcry_cipher_hd_t?
        guard ready, gcry_cipher_open(&opened, Int32(algorithm.rawValue), Int32(mode.rawValue), 0) == 0, let opened
        else { throw OpenPGPError(.engine, "libgcrypt has no AES") }
        guard key.withUnsafeBytes({ gcry_cipher_setkey(opened, $0.baseAddress, $0.count) }) == 0 else {
            gcry_cipher_close(opened)
            throw OpenPGPError(.engine, "libgcrypt does not take the key")
        }
        return opened
    }
}

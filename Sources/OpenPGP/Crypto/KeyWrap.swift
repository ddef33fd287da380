private import CGcrypt
package import Secrets

/// The AES key wrap: encrypts keys with a key, so that a wrong one is noticed.
///
/// Source: RFC 3394; the C functions are `gcry_cipher_encrypt` and `gcry_cipher_decrypt` in `GCRY_CIPHER_MODE_AESWRAP`.
package enum KeyWrap {
    /// Bytes by which a wrapped key is longer.
    static let overhead = 8

    /// Wraps a key.
    ///
    /// - Parameters:
    ///   - secret: a multiple of 8 bytes, at least 16.
    ///   - key: an AES key.
    package static func wrap(_ secret: SecretBytes, with key: SecretBytes) throws(OpenPGPError) -> [UInt8] {
        let cipher = try Gcrypt.aes(key, GCRY_CIPHER_MODE_AESWRAP)
        defer { gcry_cipher_close(cipher) }
        var wrapped = [UInt8](repeating: 0, count: secret.count + overhead)
        let result = secret.withUnsafeBytes {
            gcry_cipher_encrypt(cipher, &wrapped, wrapped.count, $0.baseAddress, $0.count)
        }
        guard result == 0 else { throw OpenPGPError(.engine, "libgcrypt cannot wrap a key") }
        return wrapped
    }

    /// Unwraps a key.
    ///
    /// - Returns: nil when it was wrapped with another key, or not wrapped at all.
    package static func unwrap(_ wrapped: [UInt8], with key: SecretBytes) throws(OpenPGPError) -> SecretBytes? {
        guard wrapped.count >= 16 + overhead, wrapped.count % 8 == 0 else { return nil }
        let cipher = try Gcrypt.aes(key, GCRY_CIPHER_MODE_AESWRAP)
        defer { gcry_cipher_close(cipher) }
        struct Wrong: Error {}
        return try? SecretBytes(count: wrapped.count - overhead) { secret throws(Wrong) in
            let result = gcry_cipher_decrypt(cipher, secret.baseAddress, secret.count, wrapped, wrapped.count)
            guard result == 0 else { throw Wrong() }
        }
    }
}

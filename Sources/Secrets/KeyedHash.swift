private import CSodium

/// A keyed hash of a secret, by which two of them are compared and neither is known without the key.
///
/// The C function is `crypto_generichash` (BLAKE2b).
package enum KeyedHash {
    /// Bytes of a key.
    package static let keySize = 32
    private static let size = 32

    /// Hashes a secret.
    ///
    /// - Parameter key: ``keySize`` random bytes.
    package static func hash(_ secret: SecretBytes, key: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: size)
        secret.withUnsafeBytes { bytes in
            _ = bytes.withMemoryRebound(to: UInt8.self) { bytes in
                crypto_generichash(&hash, size, bytes.baseAddress, UInt64(bytes.count), key, key.count)
            }
        }
        return hash
    }
}

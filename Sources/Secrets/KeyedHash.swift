private import CSodium

/// Keyed BLAKE2b with a result of 32 bytes: message authentication codes, the derivation of keys, hashes of secrets.
///
/// Source: RFC 7693; the C function is `crypto_generichash`.
package enum KeyedHash {
    /// Bytes of a result.
    package static let size = 32

    /// The authentication code of a text.
    ///
    /// - Parameter key: 16 to 64 bytes.
    /// - Returns: nil for a key of another size.
    package static func code(of text: String, key: SecretBytes) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: size)
        let isDone = key.withUnsafeBytes { key in
            let key = key.bindMemory(to: UInt8.self)
            let text = Array(text.utf8)
            return Sodium.ready
                && crypto_generichash(&code, size, text, UInt64(text.count), key.baseAddress, key.count) == 0
        }
        return isDone ? code : nil
    }

    /// Bytes of a key for ``hash(_:key:)``.
    package static let keySize = 32

    /// Hashes a secret: two of them are compared by their hashes, and neither is known without the key.
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

    /// Compares two codes in constant time.
    ///
    /// The C function is `sodium_memcmp`.
    package static func matches(_ code: [UInt8], _ other: [UInt8]) -> Bool {
        code.count == other.count && sodium_memcmp(code, other, code.count) == 0
    }

    /// The plain BLAKE2b hash of some parts, each with its length, so that no two lists have the same.
    package static func hash(of parts: [[UInt8]]) -> [UInt8] {
        let bytes = parts.flatMap { part in (0..<8).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) } + part }
        var hash = [UInt8](repeating: 0, count: size)
        crypto_generichash(&hash, size, bytes, UInt64(bytes.count), nil, 0)
        return hash
    }

    /// Derives a key from a secret, for one purpose.
    ///
    /// - Parameters:
    ///   - secret: of any length; it has the strength of the key.
    ///   - purpose: 16 to 64 bytes; keys for different purposes have nothing to do with each other.
    /// - Returns: nil when there is no locked memory left, or the purpose has another size.
    package static func key(from secret: SecretBytes, purpose: String) -> SecretBytes? {
        struct Failure: Error {}
        let purpose = Array(purpose.utf8)
        return try? SecretBytes(count: size) { key throws(Failure) in
            guard let base = key.bindMemory(to: UInt8.self).baseAddress else { throw Failure() }
            let isDone = secret.withUnsafeBytes { secret in
                crypto_generichash(
                    base, size, secret.bindMemory(to: UInt8.self).baseAddress, UInt64(secret.count), purpose,
                    purpose.count) == 0
            }
            guard isDone else { throw Failure() }
        }
    }
}

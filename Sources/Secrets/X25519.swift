private import CSodium

/// X25519, the Diffie-Hellman function on Curve25519, with all secrets in locked memory.
///
/// Points and scalars are 32 bytes, the least significant first.
///
/// Source: RFC 7748, section 5; the C functions are `crypto_scalarmult_curve25519` and
/// `crypto_scalarmult_curve25519_base`.
package enum X25519 {
    /// Bytes of a point, a scalar, and a shared secret.
    package static let size = 32

    /// Computes the shared secret of an exchange.
    ///
    /// - Parameters:
    ///   - secret: one side's scalar, clamped or not.
    ///   - point: the other side's point.
    /// - Returns: nil for a point of low order, for wrong sizes, and when there is no locked memory left.
    package static func shared(_ secret: SecretBytes, with point: [UInt8]) -> SecretBytes? {
        guard secret.count == size, point.count == size else { return nil }
        return try? SecretBytes(count: size) { result throws(LowOrder) in
            let succeeded = secret.withUnsafeBytes { scalar in
                guard let result = result.baseAddress, let scalar = scalar.baseAddress else { return false }
                return crypto_scalarmult_curve25519(
                    result.assumingMemoryBound(to: UInt8.self), scalar.assumingMemoryBound(to: UInt8.self), point) == 0
            }
            guard succeeded else { throw LowOrder() }
        }
    }

    /// Computes the public point of a scalar.
    ///
    /// - Returns: nil for a wrong size.
    package static func point(of secret: SecretBytes) -> [UInt8]? {
        guard secret.count == size else { return nil }
        var point = [UInt8](repeating: 0, count: size)
        let succeeded = secret.withUnsafeBytes { scalar in
            guard let scalar = scalar.baseAddress else { return false }
            return crypto_scalarmult_curve25519_base(&point, scalar.assumingMemoryBound(to: UInt8.self)) == 0
        }
        return succeeded ? point : nil
    }

    private struct LowOrder: Error {}
}

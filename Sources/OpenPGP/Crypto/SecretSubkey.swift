package import Secrets

/// A decrypted ECDH secret subkey on Curve25519, in locked memory.
///
/// Source: RFC 4880, section 5.5.3 (secret key packets).
package struct SecretSubkey: Sendable {
    package let publicPart: ECDHSubkey
    /// The secret scalar, the least significant byte first.
    package let scalar: SecretBytes

    /// Takes a scalar that is known already.
    ///
    /// - Returns: nil when the scalar does not belong to the public part.
    package init?(_ publicPart: ECDHSubkey, _ scalar: SecretBytes) {
        guard X25519.point(of: scalar) == publicPart.point else { return nil }
        self.publicPart = publicPart
        self.scalar = scalar
    }

    /// Decrypts a secret subkey packet.
    ///
    /// - Parameters:
    ///   - body: the packet's body as gpg exports it: protected with AES, and a SHA-1 hash by which a wrong passphrase
    ///     is noticed (S2K usage 254).
    ///   - passphrase: the passphrase of the protection.
    /// - Returns: nil for other kinds of keys and protections, and when the secret does not belong to the public part.
    package init?(_ body: [UInt8], _ passphrase: SecretBytes) throws(OpenPGPError) {
        guard let publicPart = try ECDHSubkey(body),
            let integers = try SecretKeyPacket.open(body, after: ECDHSubkey.count, passphrase),
            let scalar = Self.scalar(integers)
        else { return nil }
        self.init(publicPart, scalar)
    }

    /// Reads the scalar from the packet, where it is an MPI: the most significant byte first, without leading zeros.
    private static func scalar(_ opened: SecretBytes) -> SecretBytes? {
        let size = opened.count - 2
        let bits = opened.withUnsafeBytes { Int($0[0]) << 8 | Int($0[1]) }
        guard (1...X25519.size).contains(size), (bits + 7) / 8 == size else { return nil }
        return SecretBytes(count: X25519.size) { scalar in
            scalar.initializeMemory(as: UInt8.self, repeating: 0)
            opened.withUnsafeBytes { bytes in
                for index in 0..<size { scalar[index] = bytes[2 + size - 1 - index] }
            }
        }
    }
}

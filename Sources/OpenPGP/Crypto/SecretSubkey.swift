package import Secrets

/// A secret subkey on curve25519, opened, in locked memory.
///
/// Source: RFC 4880, section 5.5.3 (secret key packets).
package struct SecretSubkey: Sendable {
    let part: CurveSubkey
    /// The least significant byte first.
    let scalar: SecretBytes

    /// - Returns: nil when the scalar does not belong to the public part.
    package init?(_ part: CurveSubkey, _ scalar: SecretBytes) {
        guard X25519.point(of: scalar) == part.point else { return nil }
        self.part = part
        self.scalar = scalar
    }

    /// Opens a secret subkey packet.
    ///
    /// - Parameters:
    ///   - body: as gpg exports it: protected with AES, and a SHA-1 hash by which a wrong passphrase is noticed.
    ///   - passphrase: what it is protected with.
    /// - Returns: nil for other kinds of keys and protections, and when the secret does not belong to the public part.
    package init?(_ body: [UInt8], _ passphrase: SecretBytes) throws(OpenPGPError) {
        guard let part = try CurveSubkey(body) else { return nil }
        var rest = body[CurveSubkey.count...]
        guard rest.popFirst() == 254, let size = rest.popFirst().flatMap({ SessionKey.sizes[$0] }),
            let stretching = StringToKey(rest.prefix(StringToKey.size))
        else { return nil }
        rest = rest.dropFirst(StringToKey.size)
        let vector = Array(rest.prefix(CipherFeedback.block))
        let cipherText = rest.dropFirst(CipherFeedback.block)
        let hashed = 20
        guard vector.count == CipherFeedback.block, cipherText.count > hashed + 2 else { return nil }
        let cipher = try CipherFeedback(stretching.key(passphrase, size: size))
        try vector.withUnsafeBufferPointer { before throws(OpenPGPError) in
            try cipher.restart(after: UnsafeRawBufferPointer(before))
        }
        let opened = try SecretBytes(count: cipherText.count) { bytes throws(OpenPGPError) in
            bytes.copyBytes(from: cipherText)
            try cipher.decrypt(bytes)
        }
        guard let opened else { throw OpenPGPError.noLockedMemory }
        let digest = try MessageDigest(.sha1)
        let isRight = opened.withUnsafeBytes { bytes in
            digest.update(UnsafeRawBufferPointer(rebasing: bytes.dropLast(hashed)))
            return digest.finish().elementsEqual(bytes.suffix(hashed))
        }
        guard isRight, let scalar = Self.scalar(opened, without: hashed) else { return nil }
        self.init(part, scalar)
    }

    /// The number in the packet, which has its most significant byte first, and no zeros before it.
    private static func scalar(_ opened: SecretBytes, without hashed: Int) -> SecretBytes? {
        let size = opened.count - 2 - hashed
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

internal import Secrets

/// The two parts of a secret key or subkey packet's body, for every algorithm that GnuPG exports.
///
/// Source: RFC 4880, sections 5.5.2 and 5.5.3; RFC 6637, section 9 (elliptic curves).
enum SecretKeyPacket {
    /// The bytes of a SHA-1 hash, with which the secret part ends.
    private static let hashed = 20

    /// Bytes of the public part.
    ///
    /// - Returns: nil for a packet that is not of version 4, is cut off, or has an unknown algorithm.
    static func publicCount(_ body: [UInt8]) -> Int? {
        guard body.count > 6, body[0] == 4 else { return nil }
        var end = 6
        // Source of the numbers: RFC 4880, section 9.1; RFC 6637, section 5; 22 is EdDSA in GnuPG.
        switch body[5] {
        case 1, 2, 3: end = skip(integers: 2, in: body, from: end)
        case 16, 20: end = skip(integers: 3, in: body, from: end)
        case 17: end = skip(integers: 4, in: body, from: end)
        case 19, 22: end = skip(integers: 1, in: body, from: skipField(in: body, from: end))
        case 18: end = skipField(in: body, from: skip(integers: 1, in: body, from: skipField(in: body, from: end)))
        default: return nil
        }
        return end <= body.count ? end : nil
    }

    /// The position behind some multiprecision integers (MPIs); beyond the end when the packet is cut off.
    private static func skip(integers: Int, in body: [UInt8], from start: Int) -> Int {
        var end = start
        for _ in 0..<integers {
            guard end + 2 <= body.count else { return body.count + 1 }
            end += 2 + (Int(body[end]) << 8 + Int(body[end + 1]) + 7) / 8
        }
        return end
    }

    /// The position behind a field with its length in one byte; beyond the end when the packet is cut off.
    private static func skipField(in body: [UInt8], from start: Int) -> Int {
        start < body.count ? start + 1 + Int(body[start]) : body.count + 1
    }

    /// The fingerprint of the packet's key, of version 4.
    ///
    /// Source: RFC 4880, section 12.2.
    static func fingerprint(_ publicPart: [UInt8]) throws(OpenPGPError) -> [UInt8] {
        let digest = try MessageDigest(.sha1)
        digest.update([
            0x99, UInt8(truncatingIfNeeded: publicPart.count >> 8), UInt8(truncatingIfNeeded: publicPart.count),
        ])
        digest.update(publicPart)
        return digest.finish()
    }

    /// Decrypts the secret part.
    ///
    /// - Parameters:
    ///   - body: the packet's body as gpg exports it: protected with AES, and a SHA-1 hash by which a wrong passphrase
    ///     is noticed (S2K usage 254).
    ///   - publicCount: bytes of the public part.
    ///   - passphrase: the passphrase of the protection.
    /// - Returns: the secret integers; nil for other protections, and when the passphrase is wrong.
    static func open(
        _ body: [UInt8], after publicCount: Int, _ passphrase: SecretBytes
    ) throws(OpenPGPError) -> SecretBytes? {
        var rest = body[publicCount...]
        guard rest.popFirst() == 254, let size = rest.popFirst().flatMap({ SessionKey.sizes[$0] }),
            let stringToKey = StringToKey(rest.prefix(StringToKey.size))
        else { return nil }
        rest = rest.dropFirst(StringToKey.size)
        let vector = Array(rest.prefix(CipherFeedback.block))
        let ciphertext = rest.dropFirst(CipherFeedback.block)
        guard vector.count == CipherFeedback.block, ciphertext.count > hashed + 2 else { return nil }
        let cipher = try CipherFeedback(stringToKey.key(passphrase, size: size))
        try vector.withUnsafeBufferPointer { before throws(OpenPGPError) in
            try cipher.restart(after: UnsafeRawBufferPointer(before))
        }
        let opened = try SecretBytes(count: ciphertext.count) { bytes throws(OpenPGPError) in
            bytes.copyBytes(from: ciphertext)
            try cipher.decrypt(bytes)
        }
        guard let opened else { throw OpenPGPError.noLockedMemory }
        let digest = try MessageDigest(.sha1)
        let isRight = opened.withUnsafeBytes { bytes in
            digest.update(UnsafeRawBufferPointer(rebasing: bytes.dropLast(hashed)))
            return digest.finish().elementsEqual(bytes.suffix(hashed))
        }
        guard isRight else { return nil }
        let integers = opened.withUnsafeBytes { bytes in
            SecretBytes(copying: UnsafeRawBufferPointer(rebasing: bytes.dropLast(hashed)))
        }
        guard let integers else { throw OpenPGPError.noLockedMemory }
        return integers
    }
}

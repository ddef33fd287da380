package import Secrets

/// The public-key encrypted session key packet (PKESK, tag 1, version 3) for an ECDH subkey.
///
/// Source: RFC 4880, sections 5.1 and 13.1 (the packet, the checksum); RFC 6637, sections 8 and 10 (the padding, the
/// key wrap and their encoding).
package enum PKESK {
    /// Makes the packet, header included, with a new ephemeral key pair.
    ///
    /// The header is of the new format, by which ``OwnFraming`` recognises the files of this engine.
    ///
    /// - Throws: `.key` when the subkey's point is of low order, `.engine`.
    package static func make(_ key: SessionKey, for subkey: ECDHSubkey) throws(OpenPGPError) -> [UInt8] {
        guard let ephemeral = SecretBytes.random(X25519.size), let point = X25519.point(of: ephemeral) else {
            throw OpenPGPError.noLockedMemory
        }
        guard let shared = X25519.shared(ephemeral, with: subkey.point) else {
            throw OpenPGPError(.key, "nothing can be encrypted to this key: its public point is not a safe one")
        }
        let wrapped = try KeyWrap.wrap(padded(key), with: subkey.wrappingKey(shared))
        let body =
            [3] + subkey.keyID + [ECDHSubkey.algorithm] + ECDHSubkey.pointHeader + point
            + [UInt8(wrapped.count)] + wrapped
        return [PacketTag.newFormat(PacketTag.pkesk), UInt8(body.count)] + body
    }

    /// Opens the packet with the secret subkey.
    ///
    /// - Parameter body: the packet without its header.
    /// - Returns: nil when it is for another key or of another kind, damaged, or holds no key for AES.
    package static func open(_ body: [UInt8], with subkey: SecretSubkey) throws(OpenPGPError) -> SessionKey? {
        let start = 10 + ECDHSubkey.pointHeader.count + X25519.size
        guard body.count > start, body[0] == 3, body[9] == ECDHSubkey.algorithm,
            body[1..<9].elementsEqual(subkey.publicPart.keyID) || body[1..<9].allSatisfy({ $0 == 0 }),
            body[10...].starts(with: ECDHSubkey.pointHeader), body.count == start + 1 + Int(body[start]),
            let shared = X25519.shared(subkey.scalar, with: Array(body[start - X25519.size..<start])),
            let secret = try KeyWrap.unwrap(
                Array(body[(start + 1)...]), with: subkey.publicPart.wrappingKey(shared))
        else { return nil }
        return sessionKey(secret)
    }

    /// The session key as it is wrapped: the cipher's number, the key, a checksum, and padding to a multiple of eight
    /// bytes, each of which is the padding's length.
    private static func padded(_ key: SessionKey) throws(OpenPGPError) -> SecretBytes {
        let size = key.bytes.count
        let padding = 8 - (1 + size + 2) % 8
        let secret = SecretBytes(count: 1 + size + 2 + padding) { secret in
            secret[0] = key.algorithm
            var sum: UInt16 = 0
            key.bytes.withUnsafeBytes {
                for (index, byte) in $0.enumerated() {
                    secret[1 + index] = byte
                    sum &+= UInt16(byte)
                }
            }
            secret[1 + size] = UInt8(sum >> 8)
            secret[2 + size] = UInt8(sum & 0xff)
            for index in secret.count - padding..<secret.count { secret[index] = UInt8(padding) }
        }
        guard let secret else { throw OpenPGPError.noLockedMemory }
        return secret
    }

    /// Reads an unwrapped session key.
    ///
    /// - Returns: nil when its padding or checksum is wrong, or it is not for AES.
    package static func sessionKey(_ secret: SecretBytes) -> SessionKey? {
        secret.withUnsafeBytes { bytes in
            guard let padding = bytes.last.map(Int.init), (1..<bytes.count).contains(padding),
                bytes.suffix(padding).allSatisfy({ $0 == UInt8(padding) })
            else { return nil }
            let content = bytes.dropLast(padding)
            let key = content.dropFirst().dropLast(2)
            guard let number = content.first, SessionKey.sizes[number] == key.count else { return nil }
            let sum = key.reduce(UInt16(0)) { $0 &+ UInt16($1) }
            guard content.suffix(2).elementsEqual([UInt8(sum >> 8), UInt8(sum & 0xff)]) else { return nil }
            return SecretBytes(copying: UnsafeRawBufferPointer(rebasing: key)).map(SessionKey.init(bytes:))
        }
    }
}

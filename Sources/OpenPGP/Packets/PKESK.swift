package import Secrets

/// Session key packets for a subkey on curve25519, made and opened here.
///
/// Source: RFC 4880, sections 5.1 and 13.1 (the packet, the checksum); RFC 6637, sections 8 and 10 (what is wrapped,
/// and how it is written).
package enum PKESK {
    /// How the packet begins: its tag in a header of the new format, by which ``EncryptedMessage`` knows this engine's
    /// files.
    private static let tag: UInt8 = 0xc1

    /// Makes the packet.
    ///
    /// A fresh pair of ephemeral keys is made for it.
    package static func make(_ key: SessionKey, for subkey: CurveSubkey) throws(OpenPGPError) -> [UInt8] {
        guard let ephemeral = SecretBytes.random(X25519.size), let point = X25519.point(of: ephemeral) else {
            throw OpenPGPError.noLockedMemory
        }
        guard let shared = X25519.shared(ephemeral, with: subkey.point) else {
            throw OpenPGPError(.key, "nothing can be encrypted to that key: its point is not a safe one")
        }
        let wrapped = try KeyWrap.wrap(padded(key), with: subkey.wrappingKey(shared))
        let body =
            [3] + subkey.keyID + [CurveSubkey.algorithm] + CurveSubkey.pointHeader + point
            + [UInt8(wrapped.count)] + wrapped
        return [tag, UInt8(body.count)] + body
    }

    /// Opens the packet with the secret subkey.
    ///
    /// - Parameter body: without the header.
    /// - Returns: nil when it is for another key or of another kind, damaged, or the key is not one for AES.
    package static func open(_ body: [UInt8], with subkey: SecretSubkey) throws(OpenPGPError) -> SessionKey? {
        let start = 10 + CurveSubkey.pointHeader.count + X25519.size
        guard body.count > start, body[0] == 3, body[9] == CurveSubkey.algorithm,
            body[1..<9].elementsEqual(subkey.part.keyID) || body[1..<9].allSatisfy({ $0 == 0 }),
            body[10...].starts(with: CurveSubkey.pointHeader), body.count == start + 1 + Int(body[start]),
            let shared = X25519.shared(subkey.scalar, with: Array(body[start - X25519.size..<start])),
            let secret = try KeyWrap.unwrap(Array(body[(start + 1)...]), with: subkey.part.wrappingKey(shared))
        else { return nil }
        return sessionKey(secret)
    }

    /// What is wrapped: the cipher's number, the key, a checksum, and as many bytes as make up a multiple of eight,
    /// each of which says how many.
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

    /// The key in what was wrapped; nil when there is none for AES.
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

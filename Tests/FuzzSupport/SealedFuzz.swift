private import CGcrypt
internal import OpenPGP
private import Secrets

/// The input as the contents of a message with a good modification detection code, as anybody with the public key can
/// make it; its first two bytes choose how the message is framed and damaged.
enum SealedFuzz {
    private static let keyBytes = (0..<32).map { UInt8($0) }
    private static let key = keyBytes.withUnsafeBytes { SecretBytes(copying: $0) }.map(SessionKey.init)
    /// A PKESK packet; its key is not used here.
    private static let start: [UInt8] = [0x84, 12, 3, 1, 2, 3, 4, 5, 6, 7, 8, 18, 0, 0]

    static func run(_ input: [UInt8]) throws(FuzzFailure) {
        guard let key, input.count > 2 else { return }
        let inside = Array(0..<16) + [14, 15] + input.dropFirst(2)
        let whole = inside + [0xd3, 0x14]
        let text = try encrypted(whole + hash(whole))
        let framed = start + frame([1] + text, exponent: input[0] & 0x1f)
        let message = try verified(framed, key)
        if let message { try check(message, against: plaintext(inside.dropFirst(18)), framed, key) }
        // A changed byte must be noticed, wherever it is.
        var damaged = text
        damaged[Int(input[1]) * (text.count - 1) / 255] ^= 1 | input[0] & 0xe0
        let other = start + frame([1] + damaged, exponent: input[0] & 0x1f)
        let result = Result { () throws(FuzzFailure) in try verified(other, key) }
        if case .success(let found?) = result {
            throw FuzzFailure(description: "a damaged message of \(found.count) bytes is good")
        }
    }

    /// Verifies a stored message.
    ///
    /// - Returns: nil when it cannot be read at any offset.
    private static func verified(_ bytes: [UInt8], _ key: SessionKey) throws(FuzzFailure) -> VerifiedMessage? {
        do throws(OpenPGPError) {
            let stored: CiphertextFile
            do { stored = try MemoryBytes.hold(bytes) } catch { return nil }
            let pass = try MessagePass(over: EncryptedMessage(stored), key)
            return try pass.verify()
        } catch {
            throw FuzzFailure(description: "a good message is not: \(error)")
        }
    }

    /// Checks that the plaintext is read at any offset, and that its size is found without reading it.
    private static func check(
        _ message: VerifiedMessage, against plain: [UInt8]?, _ stored: [UInt8], _ key: SessionKey
    ) throws(FuzzFailure) {
        guard let plain else { throw FuzzFailure(description: "plaintext where there is none") }
        try require(message.count == UInt64(plain.count), "\(plain.count) bytes are \(message.count)")
        for (offset, length) in [(0, plain.count + 9), (plain.count / 3, plain.count / 2), (plain.count, 9)] {
            var buffer = [UInt8](repeating: 0, count: length)
            let got = try? buffer.withUnsafeMutableBytes {
                try message.read(MemoryBytes.file, at: UInt64(offset), into: $0)
            }
            let expected = plain.dropFirst(offset).prefix(length)
            try require(got == expected.count && buffer.starts(with: expected), "other bytes at \(offset)")
        }
        guard let bytes = try? EncryptedMessage(MemoryBytes.hold(stored)) else { return }
        let count = try? LiteralPacket.dataCount(in: bytes, key)
        try require(count == message.count, "its size is \(String(describing: count)) and \(message.count)")
    }

    /// Reads the plaintext of one literal packet in binary mode and nothing else, the simple way.
    private static func plaintext(_ packet: ArraySlice<UInt8>) -> [UInt8]? {
        guard let header = PacketHeader(packet.prefix(6)), header.tag == 11 else { return nil }
        var rest = packet.dropFirst(header.headerLength)
        var length = header.length
        var body: [UInt8] = []
        while true {
            switch length {
            case .indeterminate: return nil
            case .partial(let count), .definite(let count):
                guard count <= UInt64(rest.count) else { return nil }
                body += rest.prefix(Int(count))
                rest = rest.dropFirst(Int(count))
            }
            if case .definite = length { break }
            guard let (next, size) = PacketLength.read(rest) else { return nil }
            length = next
            rest = rest.dropFirst(size)
        }
        guard rest.isEmpty, body.count >= 6, body[0] == UInt8(ascii: "b"), body.count >= 6 + Int(body[1]) else {
            return nil
        }
        return Array(body.dropFirst(6 + Int(body[1])))
    }

    /// Makes the SEIPD packet with this body: chunks of a power of two while they last, or one chunk for the exponent
    /// 31.
    private static func frame(_ body: [UInt8], exponent: UInt8) -> [UInt8] {
        var packet: [UInt8] = [0xd2]
        var rest = body[...]
        let size = 1 << Int(exponent & 0x0f)
        while exponent < 31, rest.count > size {
            packet.append(0xe0 | exponent & 0x0f)
            packet += rest.prefix(size)
            rest = rest.dropFirst(size)
        }
        return packet + PacketLength.fiveBytes(rest.count) + rest
    }

    private static func hash(_ bytes: [UInt8]) throws(FuzzFailure) -> [UInt8] {
        guard let digest = try? MessageDigest(.sha1) else { throw FuzzFailure(description: "no SHA-1") }
        bytes.withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }

    private static func encrypted(_ bytes: [UInt8]) throws(FuzzFailure) -> [UInt8] {
        var handle: gcry_cipher_hd_t?
        var text = bytes
        let aes = Int32(GCRY_CIPHER_AES256.rawValue)
        var result = gcry_cipher_open(&handle, aes, Int32(GCRY_CIPHER_MODE_CFB.rawValue), 0)
        result |= gcry_cipher_setkey(handle, keyBytes, keyBytes.count)
        result |= gcry_cipher_setiv(handle, nil, 0)
        result |= gcry_cipher_encrypt(handle, &text, text.count, nil, 0)
        gcry_cipher_close(handle)
        try require(result == 0, "libgcrypt cannot encrypt")
        return text
    }
}

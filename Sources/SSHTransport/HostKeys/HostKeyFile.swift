private import Foundation

/// The format in which OpenSSH keeps private keys.
///
/// Source: OpenSSH's `PROTOCOL.key`; RFC 4253, section 6.6, for the public keys in it.
enum HostKeyFile {
    private static let magic = Array("openssh-key-v1\0".utf8)
    private static let begin = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let end = "-----END OPENSSH PRIVATE KEY-----"
    /// Bytes of an Ed25519 key, public or secret.
    static let ed25519Size = 32

    /// Finds the secret part of an Ed25519 key.
    ///
    /// - Parameter text: an unencrypted file.
    /// - Returns: 32 bytes; nil for any other file.
    static func ed25519Secret(in text: String) -> [UInt8]? {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-") }
        guard let file = Data(base64Encoded: lines.joined()), file.starts(with: magic) else { return nil }
        var rest = Array(file)[magic.count...]
        // The cipher, the key derivation and its parameters; then how many keys follow, and the public one.
        guard takeString(&rest) != nil, takeString(&rest) != nil, takeString(&rest) != nil, rest.count >= 4 else {
            return nil
        }
        rest = rest.dropFirst(4)
        guard takeString(&rest) != nil, var secret = takeString(&rest)?.dropFirst(8), takeString(&secret) != nil,
            takeString(&secret) != nil, let both = takeString(&secret), both.count == 2 * ed25519Size
        else { return nil }
        return Array(both.prefix(ed25519Size))
    }

    /// Makes the file of a key that has a given public part and random bytes for its secret.
    ///
    /// - Returns: nil for a public key that is not Ed25519 or RSA.
    static func standIn(for publicKey: [UInt8]) -> String? {
        var fields = publicKey[...]
        guard let type = takeString(&fields) else { return nil }
        var secret: [UInt8] = string(type)
        switch String(decoding: type, as: UTF8.self) {
        case "ssh-ed25519":
            guard let point = takeString(&fields), point.count == ed25519Size else { return nil }
            secret += string(point) + string(random(ed25519Size) + point)
        case "ssh-rsa":
            guard let exponent = takeString(&fields), let modulus = takeString(&fields), modulus.count > 64 else {
                return nil
            }
            let size = modulus.count - 1
            // The private exponent, the coefficient, and the two primes.
            secret += string(modulus) + string(exponent)
            for count in [size, size / 2, size / 2, size / 2] { secret += string([0x40] + random(count - 1)) }
        default: return nil
        }
        let check = random(4)
        var privatePart = check + check + secret + string([])
        privatePart += (1...).prefix((8 - privatePart.count % 8) % 8).map { UInt8($0) }
        let none = string("none".utf8)
        let file = magic + none + none + string([]) + [0, 0, 0, 1] + string(publicKey) + string(privatePart)
        return "\(begin)\n\(Data(file).base64EncodedString(options: .lineLength64Characters))\n\(end)\n"
    }

    private static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: .min ... .max) } }

    /// A length of four bytes, and the bytes.
    private static func string(_ bytes: some Collection<UInt8>) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
    }

    private static func takeString(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.count >= 4 else { return nil }
        let count = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard count <= bytes.count - 4 else { return nil }
        defer { bytes = bytes.dropFirst(4 + count) }
        return bytes.dropFirst(4).prefix(count)
    }
}

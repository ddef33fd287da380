internal import Secrets

/// Iterated and salted string-to-key (S2K): makes a key from a passphrase.
///
/// Source: RFC 4880, section 3.7.1.3.
struct StringToKey {
    let hash: MessageDigest.Algorithm
    let salt: [UInt8]
    /// The number of bytes to hash, which salt and passphrase in turn make up.
    let count: Int

    /// Reads an S2K specifier: its type, the hash, eight bytes of salt, the coded count.
    ///
    /// - Returns: nil for other types and hashes.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        // Source of the numbers: RFC 4880, section 9.4.
        let hashes: [UInt8: MessageDigest.Algorithm] = [2: .sha1, 8: .sha256, 10: .sha512]
        guard bytes.count == Self.size, bytes[0] == 3, let hash = hashes[bytes[1]] else { return nil }
        self.hash = hash
        salt = Array(bytes[2..<10])
        count = (16 + Int(bytes[10] & 15)) << (Int(bytes[10] >> 4) + 6)
    }

    /// Bytes of an S2K specifier of this type.
    static let size = 11

    /// Makes the key.
    ///
    /// - Parameter size: bytes of the key.
    func key(_ passphrase: SecretBytes, size: Int) throws(OpenPGPError) -> SecretBytes {
        guard let once = SecretBytes(count: salt.count + passphrase.count, fill: { fill($0, passphrase) }) else {
            throw OpenPGPError.noLockedMemory
        }
        let key = try SecretBytes(count: size) { key throws(OpenPGPError) in
            var filled = 0
            // When one hash is too short for the key, each further one starts with one more zero.
            var zeros = 0
            while filled < size {
                let digest = try MessageDigest(hash)
                digest.update([UInt8](repeating: 0, count: zeros))
                once.withUnsafeBytes { bytes in
                    var left = max(count, bytes.count)
                    while left > 0 {
                        digest.update(UnsafeRawBufferPointer(rebasing: bytes.prefix(left)))
                        left -= min(left, bytes.count)
                    }
                }
                digest.finish { part in
                    let length = min(part.count, size - filled)
                    UnsafeMutableRawBufferPointer(rebasing: key[filled...]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: part.prefix(length)))
                    filled += length
                }
                zeros += 1
            }
        }
        guard let key else { throw OpenPGPError.noLockedMemory }
        return key
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, _ passphrase: SecretBytes) {
        buffer.copyBytes(from: salt)
        passphrase.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: buffer[salt.count...]).copyMemory(from: $0)
        }
    }
}

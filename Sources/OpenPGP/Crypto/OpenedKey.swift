package import Secrets

/// A key that a passphrase has opened: what it is, and a key for authentication codes that nobody else can have.
///
/// The second is derived from the secret integers of the encryption subkey. So it costs no second stretching of the
/// passphrase, a new passphrase does not change it, and a subkey that was rotated away has another one.
package struct OpenedKey: Sendable {
    package let identity: KeyIdentity
    /// The BLAKE2b hash of the public parts of the primary key and of the encryption subkey, in hexadecimal digits.
    package let publicKey: String
    package let authenticationKey: SecretBytes

    /// What the derived key is for.
    private static let purpose = "cryptsftp: confirmation of accounts, 1"

    /// Takes what was opened before.
    package init(identity: KeyIdentity, publicKey: String, authenticationKey: SecretBytes) {
        self.identity = identity
        self.publicKey = publicKey
        self.authenticationKey = authenticationKey
    }

    /// Opens an exported key.
    ///
    /// - Parameters:
    ///   - identity: which key it is.
    ///   - packets: the key as gpg exports it, with the secret part of the encryption subkey.
    ///   - passphrase: the passphrase of the export.
    /// - Returns: nil when the packets do not have that subkey, in a form that is read here, with its primary key.
    package init?(
        _ identity: KeyIdentity, _ packets: KeyPackets, _ passphrase: SecretBytes
    ) throws(OpenPGPError) {
        var parts: [String: (publicPart: [UInt8], body: [UInt8])] = [:]
        for body in packets.bodies(.secretKey) + packets.bodies(.secretSubkey) {
            guard let count = SecretKeyPacket.publicCount(body) else { continue }
            let publicPart = Array(body[..<count])
            parts[try SecretKeyPacket.fingerprint(publicPart).hexadecimal.uppercased()] = (publicPart, body)
        }
        guard let primary = parts[identity.fingerprint.uppercased()],
            let encryption = parts[identity.encryption.uppercased()],
            let integers = try SecretKeyPacket.open(encryption.body, after: encryption.publicPart.count, passphrase),
            let shortest = try OpenedKey.withoutLeadingZeros(integers)
        else { return nil }
        guard let key = KeyedHash.key(from: shortest, purpose: OpenedKey.purpose) else {
            throw OpenPGPError.noLockedMemory
        }
        self.identity = identity
        publicKey = KeyedHash.hash(of: [primary.publicPart, encryption.publicPart]).hexadecimal
        authenticationKey = key
    }

    /// Writes integers so that equal ones have equal bytes: versions of gpg differ in leading zeros.
    ///
    /// - Parameter integers: multiprecision integers (MPIs) without a gap.
    /// - Returns: each integer with its length in bytes before it; nil when these are no whole integers.
    private static func withoutLeadingZeros(_ integers: SecretBytes) throws(OpenPGPError) -> SecretBytes? {
        let places: [Range<Int>]? = integers.withUnsafeBytes { bytes in
            var places: [Range<Int>] = []
            var start = 0
            while start + 2 <= bytes.count {
                var first = start + 2
                let end = first + (Int(bytes[start]) << 8 + Int(bytes[start + 1]) + 7) / 8
                guard end <= bytes.count else { return nil }
                while first < end, bytes[first] == 0 { first += 1 }
                places.append(first..<end)
                start = end
            }
            return start == bytes.count ? places : nil
        }
        guard let places else { return nil }
        let shortest = SecretBytes(count: places.reduce(0) { $0 + 2 + $1.count }) { shortest in
            integers.withUnsafeBytes { bytes in
                var end = 0
                for place in places {
                    shortest[end] = UInt8(truncatingIfNeeded: place.count >> 8)
                    shortest[end + 1] = UInt8(truncatingIfNeeded: place.count)
                    UnsafeMutableRawBufferPointer(rebasing: shortest[(end + 2)...]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[place]))
                    end += 2 + place.count
                }
            }
        }
        guard let shortest else { throw OpenPGPError.noLockedMemory }
        return shortest
    }
}

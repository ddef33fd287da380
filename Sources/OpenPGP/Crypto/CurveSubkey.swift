private import Glibc
internal import Secrets

/// The public part of an encryption subkey on curve25519, as GnuPG's default keys have one.
///
/// Source: RFC 4880, sections 5.5.2 and 12.2 (key packet and fingerprint); RFC 6637, sections 7 to 9 (the derivation of
/// keys); RFC 9580, section 9.2 (the curve, there called Curve25519Legacy).
package struct CurveSubkey: Sendable, Equatable {
    /// The number of the algorithm: ECDH.
    static let algorithm: UInt8 = 18
    /// How a point begins: a number of 263 bits, the first byte of which says that the curve's own form follows.
    static let pointHeader: [UInt8] = [0x01, 0x07, 0x40]
    /// The curve's object identifier, with its length.
    private static let curve: [UInt8] = [10, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01]
    /// Bytes of the packet's body up to the end of its public part.
    static let count = 6 + curve.count + pointHeader.count + X25519.size + 4

    let point: [UInt8]
    package let fingerprint: [UInt8]
    /// The eight bytes by which a message names it.
    var keyID: [UInt8] { fingerprint.suffix(8) }
    /// The last four bytes: how keys are derived from what is shared.
    private let derivation: [UInt8]
    private let hash: MessageDigest.Algorithm
    /// Bytes of the keys that wrap session keys.
    private let wrappingSize: Int

    /// Reads a public or secret subkey packet's body.
    ///
    /// - Returns: nil for any other kind of key.
    package init?(_ body: [UInt8]) throws(OpenPGPError) {
        guard body.count >= Self.count, body[0] == 4, body[5] == Self.algorithm else { return nil }
        let part = body[..<Self.count]
        let rest = part.dropFirst(6)
        guard rest.starts(with: Self.curve + Self.pointHeader) else { return nil }
        point = Array(rest.dropFirst(Self.curve.count + Self.pointHeader.count).prefix(X25519.size))
        derivation = part.suffix(4)
        // Source of the numbers: RFC 4880, sections 9.2 and 9.4.
        guard derivation[0] == 3, derivation[1] == 1,
            let hash = [8: MessageDigest.Algorithm.sha256, 10: .sha512][derivation[2]],
            let size = [7: 16, 8: 24, 9: 32][derivation[3]]
        else { return nil }
        self.hash = hash
        wrappingSize = size
        let digest = try MessageDigest(.sha1)
        digest.update([0x99, 0, UInt8(Self.count)])
        digest.update(Array(part))
        fingerprint = digest.finish()
    }

    /// The key that a session key is wrapped with.
    ///
    /// It is bound to this subkey by its fingerprint.
    ///
    /// Source: RFC 6637, section 7 (one pass of the concatenation function) and section 8 (its parameter).
    ///
    /// - Parameter shared: what the sender and the key's owner know.
    func wrappingKey(_ shared: SecretBytes) throws(OpenPGPError) -> SecretBytes {
        let digest = try MessageDigest(hash)
        digest.update([0, 0, 0, 1])
        shared.withUnsafeBytes { digest.update($0) }
        digest.update(Self.curve + [Self.algorithm] + derivation)
        digest.update(Array("Anonymous Sender    ".utf8))
        digest.update(fingerprint)
        let size = wrappingSize
        let key = SecretBytes(count: size) { key in
            digest.finish { key.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(size))) }
        }
        guard let key else { throw OpenPGPError.noLockedMemory }
        return key
    }
}

private import Glibc
internal import Secrets

/// The public part of an ECDH encryption subkey on Curve25519, as GnuPG's default keys have one.
///
/// Source: RFC 4880, sections 5.5.2 and 12.2 (key packet and fingerprint); RFC 6637, sections 7 to 9 (the key
/// derivation function); RFC 9580, section 9.2 (the curve, there called Curve25519Legacy).
package struct ECDHSubkey: Sendable, Equatable {
    /// The number of the public-key algorithm ECDH.
    static let algorithm: UInt8 = 18
    /// The start of an encoded point: an MPI of 263 bits whose first byte 0x40 announces the curve's native form.
    static let pointHeader: [UInt8] = [0x01, 0x07, 0x40]
    /// The object identifier of the curve, after its length.
    private static let curve: [UInt8] = [10, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01]
    /// Bytes of ``packet``.
    static let count = 6 + curve.count + pointHeader.count + X25519.size + 4

    /// The public part of the packet's body.
    package let packet: [UInt8]
    /// The public point, the least significant byte first.
    let point: [UInt8]
    /// The SHA-1 fingerprint of the subkey.
    package let fingerprint: [UInt8]
    /// The eight-byte key ID by which a PKESK names the subkey.
    var keyID: [UInt8] { fingerprint.suffix(8) }
    /// The last four bytes of the public part: the parameters of the key derivation function (KDF).
    private let derivation: [UInt8]
    private let hash: MessageDigest.Algorithm
    /// Bytes of the AES keys that wrap session keys.
    private let wrappingSize: Int

    /// Reads the public part of a public or secret subkey packet's body.
    ///
    /// - Returns: nil for any other kind of key.
    package init?(_ body: [UInt8]) throws(OpenPGPError) {
        guard body.count >= Self.count, body[0] == 4, body[5] == Self.algorithm else { return nil }
        let publicPart = body[..<Self.count]
        packet = Array(publicPart)
        let rest = publicPart.dropFirst(6)
        guard rest.starts(with: Self.curve + Self.pointHeader) else { return nil }
        point = Array(rest.dropFirst(Self.curve.count + Self.pointHeader.count).prefix(X25519.size))
        derivation = publicPart.suffix(4)
        // Source of the numbers: RFC 4880, sections 9.2 and 9.4.
        guard derivation[0] == 3, derivation[1] == 1,
            let hash = [8: MessageDigest.Algorithm.sha256, 10: .sha512][derivation[2]],
            let size = [7: 16, 8: 24, 9: 32][derivation[3]]
        else { return nil }
        self.hash = hash
        wrappingSize = size
        let digest = try MessageDigest(.sha1)
        digest.update([0x99, 0, UInt8(Self.count)])
        digest.update(packet)
        fingerprint = digest.finish()
    }

    /// Derives the key that a session key is wrapped with, bound to this subkey by its fingerprint.
    ///
    /// Source: RFC 6637, section 7 (one pass of the concatenation function) and section 8 (its parameter).
    ///
    /// - Parameter shared: the shared secret of the ECDH exchange.
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

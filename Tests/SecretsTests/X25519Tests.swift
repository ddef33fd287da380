import Secrets
import Testing

/// The function against the vectors of RFC 7748, section 5.2.
@Suite struct X25519Tests {
    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue).map(UInt8.init)
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func secret(_ bytes: [UInt8]) throws -> SecretBytes {
        try #require(bytes.withUnsafeBytes { SecretBytes(copying: $0) })
    }

    @Test(
        arguments: [
            (
                "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
            ),
            (
                "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
            ),
        ])
    func vectors(_ scalar: String, _ point: String, _ result: String) throws {
        let shared = try #require(X25519.shared(secret(bytes(scalar)), with: bytes(point)))
        #expect(shared.withUnsafeBytes { Array($0) } == bytes(result))
    }

    @Test func thePointOfAScalarIsItsMultipleOfNine() throws {
        let scalar = try #require(SecretBytes.random(32))
        let shared = try #require(X25519.shared(scalar, with: [9] + [UInt8](repeating: 0, count: 31)))
        #expect(shared.withUnsafeBytes { Array($0) } == X25519.point(of: scalar))
    }

    @Test func pointsOfLowOrderAreRefused() throws {
        let scalar = try #require(SecretBytes.random(32))
        for point in [0, 1] as [UInt8] {
            #expect(X25519.shared(scalar, with: [point] + [UInt8](repeating: 0, count: 31)) == nil)
        }
    }

    @Test func otherSizesAreRefused() throws {
        let short = try #require(SecretBytes.random(31))
        #expect(X25519.shared(short, with: [UInt8](repeating: 9, count: 32)) == nil)
        #expect(X25519.point(of: short) == nil)
        #expect(X25519.shared(try #require(SecretBytes.random(32)), with: [9]) == nil)
    }
}

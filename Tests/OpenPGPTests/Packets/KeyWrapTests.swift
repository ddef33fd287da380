import OpenPGP
import Secrets
import Testing

/// The key wrap against the vectors of RFC 3394, section 4.
@Suite struct KeyWrapTests {
    private static let data = "00112233445566778899AABBCCDDEEFF"
    private static let key = (0..<32).map { UInt8($0) }

    private func secret(_ bytes: [UInt8]) throws -> SecretBytes {
        try #require(bytes.withUnsafeBytes { SecretBytes(copying: $0) })
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue).map(UInt8.init)
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test(
        arguments: [
            (16, data, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"),
            (24, data, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D"),
            (32, data, "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"),
            (24, data + "0001020304050607", "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2"),
            (32, data + "0001020304050607", "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1"),
            (
                32, data + "000102030405060708090A0B0C0D0E0F",
                "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"
            ),
        ])
    func vectors(_ size: Int, _ data: String, _ expected: String) throws {
        let key = try secret(Array(Self.key.prefix(size)))
        let wrapped = try KeyWrap.wrap(secret(bytes(data)), with: key)
        #expect(wrapped == bytes(expected))
        let opened = try #require(try KeyWrap.unwrap(wrapped, with: key))
        #expect(opened.matches(try secret(bytes(data))))
        for index in wrapped.indices {
            var damaged = wrapped
            damaged[index] ^= 1
            #expect(try KeyWrap.unwrap(damaged, with: key) == nil)
        }
        #expect(try KeyWrap.unwrap(wrapped, with: secret(Array(Self.key.reversed().prefix(size)))) == nil)
    }

    @Test(arguments: [0, 1, 7, 8, 16, 23, 25]) func noWrappedKeyHasThatSize(count: Int) throws {
        #expect(try KeyWrap.unwrap([UInt8](repeating: 0, count: count), with: secret(Self.key)) == nil)
    }
}

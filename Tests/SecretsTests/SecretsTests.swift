import Secrets
import Testing

@Suite struct SecretsTests {
    private func secret(_ text: String) throws -> SecretBytes {
        try #require(Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) })
    }

    @Test func keepsItsBytes() throws {
        #expect(try secret("hello").withUnsafeBytes { Array($0) } == Array("hello".utf8))
        #expect(try secret("").count == 0)
    }

    @Test func boundsItsSize() {
        #expect(SecretBytes(count: 65536) { _ in } != nil)
        #expect(SecretBytes(count: 65537) { _ in } == nil)
        #expect(SecretBytes(count: -1) { _ in } == nil)
    }

    /// Short secrets share pages: none may read what another has left there.
    @Test func whatIsReleasedIsWiped() throws {
        for count in [1, 32, 64, 65, 4096] {
            for _ in 0..<200 {
                let old = try #require(
                    SecretBytes(count: count) { $0.initializeMemory(as: UInt8.self, repeating: 0xee) })
                withExtendedLifetime(old) {}
            }
            let new = try #require(SecretBytes(count: count) { _ in })
            #expect(!new.withUnsafeBytes { $0.contains(0xee) }, "\(count) bytes")
        }
    }

    @Test func whatCannotBeFilledIsReleased() throws {
        struct Failure: Error {}
        for count in [32, 100] {
            for _ in 0..<10_000 {
                #expect(throws: Failure.self) {
                    _ = try SecretBytes(count: count) { (_) throws(Failure) in throw Failure() }
                }
            }
            #expect(SecretBytes(count: count) { _ in } != nil)
        }
    }

    @Test func manyAtOnceAreSeparate() throws {
        let secrets = try (0..<1000).map { number in
            try #require(SecretBytes(count: 64) { $0.storeBytes(of: UInt64(number), as: UInt64.self) })
        }
        for (number, secret) in secrets.enumerated() {
            #expect(secret.withUnsafeBytes { $0.load(as: UInt64.self) } == UInt64(number))
        }
    }

    @Test func compares() throws {
        #expect(try secret("same").matches(secret("same")))
        #expect(try !secret("same").matches(secret("sama")))
        #expect(try !secret("same").matches(secret("same ")))
        #expect(try secret("").matches(secret("")))
    }

    @Test func randomHexIsHexAndDiffers() throws {
        let first = try #require(SecretBytes.randomHex(32))
        let second = try #require(SecretBytes.randomHex(32))
        #expect(first.count == 64)
        #expect(!first.matches(second))
        #expect(first.withUnsafeBytes { $0.allSatisfy { "0123456789abcdef".utf8.contains($0) } })
    }

    @Test func verifiesTheHashedPasswordOnly() throws {
        let hash = try #require(PasswordHash(hashing: secret("correct horse")))
        #expect(hash.text.hasPrefix("$argon2id$"))
        #expect(hash.verify(try secret("correct horse")))
        #expect(!hash.verify(try secret("correct horsf")))
        #expect(!hash.verify(try secret("")))
        #expect(PasswordHash(text: hash.text) == hash)
    }

    @Test(arguments: [
        "", "plain", "$argon2i$v=19$m=65536,t=2,p=1$AAAA$AAAA", "$argon2id$" + String(repeating: "A", count: 200),
    ])
    func rejectsWhatIsNoHash(text: String) {
        #expect(PasswordHash(text: text) == nil)
    }

    @Test func theUnmatchableHashCostsAndMatchesNothing() throws {
        let hash = try #require(PasswordHash.unmatchable)
        #expect(!hash.verify(try secret("")))
        let clock = ContinuousClock()
        let known = try #require(PasswordHash(hashing: secret("x")))
        let password = try secret("y")
        let unknownTime = clock.measure { _ = hash.verify(password) }
        let knownTime = clock.measure { _ = known.verify(password) }
        // Not a matter of speed: a hash that is not computed at all takes a thousandth.
        #expect(unknownTime * 5 > knownTime)
    }
}

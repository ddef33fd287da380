import Administration
import Secrets
import Testing

@Suite struct PassphraseRuleTests {
    private func secret(_ text: String) throws -> SecretBytes {
        try #require(Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) })
    }

    @Test(arguments: ["", "1234567", "päßwö"]) func refusesShortOnes(_ text: String) throws {
        let passphrase = try secret(text)
        #expect { try PassphraseRule.check(passphrase) } throws: { "\($0)".contains("at least 8 bytes long") }
    }

    @Test(arguments: ["12345678", "sommer2026", "x8#Kp!2mQz$9", "19 bytes, no more.."])
    func warnsOfShortOnes(_ text: String) throws {
        try PassphraseRule.check(secret(text))
        #expect(try PassphraseRule.warning(about: secret(text))?.contains("weak") == true)
    }

    @Test(arguments: ["exactly twenty bytes", "correct horse battery staple", "vier wilde katzen jagen einen traktor"])
    func takesLongOnes(_ text: String) throws {
        try PassphraseRule.check(secret(text))
        #expect(try PassphraseRule.warning(about: secret(text)) == nil)
    }
}

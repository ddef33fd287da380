import Administration
import Secrets
import Server
import Testing

@Suite struct PassphraseStrengthTests {
    private func isWeak(_ text: String) throws -> Bool {
        PassphraseStrength.isWeak(try #require(Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) }))
    }

    @Test(arguments: ["password", "12345678", "aaaaaaaaaaaaaaaa", "abcdefghijkl", "qwerty123", "passwort1", "sommer26"])
    func weak(_ text: String) throws { #expect(try isWeak(text)) }

    @Test(arguments: ["correct horse battery staple", "x8#Kp!2mQz$9", "vier wilde katzen jagen einen traktor"])
    func notWeak(_ text: String) throws { #expect(try !isWeak(text)) }
}

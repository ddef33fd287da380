package import Secrets

/// The rule for new passphrases: too short ones are refused, and short ones get a warning.
///
/// Only the length counts. A program cannot tell a random passphrase from one that is in every list.
package enum PassphraseRule {
    /// The fewest bytes a passphrase may have.
    private static let shortest = 8
    /// The fewest bytes without a warning; five random words have more.
    private static let recommended = 20

    /// Refuses a passphrase that is too short.
    package static func check(_ passphrase: SecretBytes) throws(UserError) {
        guard passphrase.count >= shortest else {
            throw UserError(.passphrase, description: "the passphrase must be at least \(shortest) bytes long")
        }
    }

    /// The warning for a passphrase that is allowed but short; nil for a longer one.
    package static func warning(about passphrase: SecretBytes) -> String? {
        guard passphrase.count < recommended else { return nil }
        return "this passphrase is weak: it is shorter than \(recommended) bytes, and anyone who finds the files can "
            + "guess passphrases offline; five random words are better"
    }
}

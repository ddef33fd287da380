package import Foundation
private import GnuPG
private import OpenPGP
package import Secrets
internal import ServerConfiguration

/// `user confirm`: has a user's passphrase confirm the account as it is now, whoever has changed it.
package struct UserConfirmation {
    /// What the passphrase will confirm, a line for each fact that was not confirmed before.
    package let news: [String]
    private let name: String
    private let file: URL
    private let facts: AccountFacts

    /// Looks at the account.
    ///
    /// - Parameters:
    ///   - name: the user.
    ///   - file: a server.conf.
    /// - Throws: ``UserError`` when there is no such user; ``OpenPGP/OpenPGPError`` when the user's key is not there.
    package init(of name: String, in file: URL) throws {
        self.name = name
        self.file = file
        let configuration = try Configuration(file: file)
        let identity = try UserConfirmation.identity(of: configuration.user(name), in: configuration)
        facts = AccountFacts(name, in: configuration, identity)
        switch AccountConfirmation.compare(name, in: configuration, identity) {
        case .confirmed: news = []
        case .changed(_, let differences): news = differences
        case .otherKey(let differences): news = differences + facts.summary
        case .unconfirmed: news = facts.summary
        }
    }

    /// The user's key, as its public parts tell.
    private static func identity(of account: Account, in configuration: Configuration) throws -> KeyIdentity {
        try KeyDirectory.identity(of: account.key, in: configuration.keyDirectory(of: account.name))
    }

    /// Confirms the account.
    ///
    /// - Parameters:
    ///   - passphrase: the user's.
    ///   - isInterrupted: asked once more right before anything is changed.
    /// - Throws: ``OpenPGP/OpenPGPError``, with `.passphrase` when it is the wrong one; ``UserError`` when the account
    ///   has changed since it was looked at.
    package func apply(passphrase: SecretBytes, isInterrupted: () -> Bool) throws {
        try ConfigurationLock.withUser(name, in: file) { configuration, account in
            let keys = configuration.keyDirectory(of: name)
            let (identity, opened) = try configuration.check(passphrase, opens: account.key, in: keys)
            guard AccountFacts(name, in: configuration, identity) == facts else {
                throw UserError(description: "\(name) was changed while you were asked: run the command again")
            }
            guard let opened, let record = ConfirmationRecord(facts, with: opened) else {
                throw UserError(description: "the key \(account.key) is of a kind that cannot confirm an account")
            }
            guard !isInterrupted() else { throw UserError.interrupted }
            try AccountConfirmation.write([record], to: keys)
        }
    }
}

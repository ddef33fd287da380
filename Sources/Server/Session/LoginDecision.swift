package import Secrets
package import ServerConfiguration

/// What a login by password gets.
package enum LoginDecision: Equatable, Sendable {
    /// The plaintext: the password is the owner's passphrase.
    case owner
    /// The write-only view.
    case writeOnly
    case rejected

    /// Checks the owner's passphrase first, then the write-only password: whoever gives the passphrase gets the
    /// plaintext.
    ///
    /// The time must not tell which accounts exist, nor which of them have a write-only password. So a rejected login
    /// makes two checks that take long, whatever the account: where there is no hash to compare with, `matches` gets
    /// one that nothing matches. There is one exception: an account without a hash of the passphrase is checked by
    /// opening its key, which takes longer than a hash.
    ///
    /// - Parameters:
    ///   - account: nil for a user name that no account has.
    ///   - matches: compares the password with a hash; one Argon2 evaluation each time.
    ///   - opensKey: whether the password opens the account's secret key; called at most once, and not before a hash of
    ///     the passphrase has matched.
    package init(for account: Account?, matches: (PasswordHash) -> Bool, opensKey: () -> Bool) {
        if LoginDecision.mayBeOwner(account, matches), opensKey() {
            self = .owner
        } else {
            self = LoginDecision.isWriteOnly(account, matches) ? .writeOnly : .rejected
        }
    }

    private static func mayBeOwner(_ account: Account?, _ matches: (PasswordHash) -> Bool) -> Bool {
        switch account?.ownerCheck {
        case .hash(let hash): matches(hash)
        case .key: true
        case nil: matchesNothing(matches)
        }
    }

    private static func isWriteOnly(_ account: Account?, _ matches: (PasswordHash) -> Bool) -> Bool {
        guard let account, account.access == .wo else { return matchesNothing(matches) }
        return switch account.writeOnlyCheck {
        case .hash(let hash): matches(hash)
        // Nothing is compared: that any password is admitted is no secret.
        case .anything: true
        }
    }

    /// Spends the time of one evaluation.
    private static func matchesNothing(_ matches: (PasswordHash) -> Bool) -> Bool {
        if let hash = PasswordHash.unmatchable { _ = matches(hash) }
        return false
    }
}

package import Secrets
package import ServerConfiguration

/// What a login by password gets.
package enum LoginDecision: Equatable, Sendable {
    /// The plaintext: the password is the owner's passphrase.
    case owner
    /// The write-only view.
    case writeOnly
    case rejected

    /// What a try to open an account's secret key has given.
    package enum KeyOpening: Sendable {
        case opened
        case wrongPassphrase
        /// The key is damaged, or not the one that the passphrase has confirmed.
        case refused
    }

    /// Checks the owner's passphrase first, then the write-only password: whoever gives the passphrase gets the
    /// plaintext.
    ///
    /// Whoever gives it and cannot get the plaintext gets nothing: with the write-only view an owner would not notice
    /// that the key is another one.
    ///
    /// The time must not tell which accounts exist, nor which of them have a write-only password. So a rejected login
    /// makes two checks that take long, whatever the account: where there is no hash to compare with, `matches` gets
    /// one that nothing matches. There is one exception: an account without a hash of the passphrase is checked by
    /// opening its key, which takes longer than a hash.
    ///
    /// - Parameters:
    ///   - account: nil for a user name that no account has.
    ///   - matches: compares the password with a hash; one Argon2 evaluation each time.
    ///   - opensKey: tries the password on the account's secret key; called at most once, and not before a hash of the
    ///     passphrase has matched.
    package init(for account: Account?, matches: (PasswordHash) -> Bool, opensKey: () -> KeyOpening) {
        if LoginDecision.mayBeOwner(account, matches) {
            switch opensKey() {
            case .opened:
                self = .owner
                return
            case .wrongPassphrase where account?.ownerCheck == .key: break
            case .wrongPassphrase, .refused:
                self = .rejected
                return
            }
        }
        self = LoginDecision.isWriteOnly(account, matches) ? .writeOnly : .rejected
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

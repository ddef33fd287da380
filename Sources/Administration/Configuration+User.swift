internal import Foundation
internal import GnuPG
internal import OpenPGP
internal import Secrets
internal import ServerConfiguration

/// A user's key as the passphrase has opened it, and the record that it has made of the account.
struct OwnerKey {
    /// Nil for a kind of key that cannot confirm an account.
    let opened: OpenedKey?
    /// What a command may renew; nil when the account was never confirmed, or the record cannot be relied on.
    let record: ConfirmationRecord?
}

extension Configuration {
    /// The user with a name.
    ///
    /// - Throws: ``UserError`` when there is none.
    func user(_ name: String) throws(UserError) -> Account {
        guard let account = account(named: name) else {
            throw UserError(description: "there is no user '\(name.prefix(64))' in \(file.path)")
        }
        return account
    }

    /// Refuses a home that lies in another user's, holds another user's, or is the same.
    ///
    /// - Parameter isShared: whether the user wants that: then nothing is refused.
    /// - Throws: ``UserError``.
    func requireOwnHome(_ home: String, of user: String, isShared: Bool) throws(UserError) {
        guard let shared = sharedHome(home, of: user, isShared: isShared) else { return }
        throw UserError(description: "\(shared); name another --home, or add --shared if that is what you want")
    }

    /// Opens a key once, to find out whether a passphrase does.
    ///
    /// A gpg that hangs is ended after `stalled_seconds`.
    ///
    /// - Parameters:
    ///   - passphrase: what is tried.
    ///   - fingerprint: the key.
    ///   - keys: the key directory that it is in.
    /// - Returns: the key, and what it was opened to; the second is nil for a kind of key that cannot confirm an
    ///   account.
    /// - Throws: ``OpenPGP/OpenPGPError``, with `.passphrase` when it is the wrong one.
    @discardableResult
    func check(
        _ passphrase: SecretBytes, opens fingerprint: String, in keys: URL
    ) throws(OpenPGPError) -> (identity: KeyIdentity, opened: OpenedKey?) {
        let home = try SessionHome(
            keysIn: keys, fingerprint: fingerprint, passphrase: passphrase, stallTimeout: limits.stallTimeout)
        return (home.identity, home.opened)
    }

    /// Opens a user's key, and compares the account with what the passphrase has confirmed.
    ///
    /// - Parameters:
    ///   - account: the user.
    ///   - passphrase: the user's.
    ///   - warn: gets what differs and is not the key, or that nothing was confirmed.
    /// - Throws: ``OpenPGP/OpenPGPError``, with `.passphrase` when it is the wrong one; ``UserError`` with
    ///   `.unconfirmedKey` for another key than the confirmed one.
    func open(_ account: Account, with passphrase: SecretBytes, warn: (String) -> Void) throws -> OwnerKey {
        let (identity, opened) = try check(passphrase, opens: account.key, in: keyDirectory(of: account.name))
        return try confirm(account, identity, opened, warn: warn)
    }

    /// Compares an account, whose key has been opened, with what the passphrase has confirmed.
    ///
    /// - Throws: ``UserError`` with `.unconfirmedKey` for another key than the confirmed one.
    func confirm(
        _ account: Account, _ identity: KeyIdentity, _ opened: OpenedKey?, warn: (String) -> Void
    ) throws(UserError) -> OwnerKey {
        let finding = AccountConfirmation.check(account.name, in: self, identity, opened)
        if let warning = finding.warning(about: account.name) {
            if case .otherKey = finding { throw UserError(.unconfirmedKey, description: warning) }
            warn(warning)
        }
        return OwnerKey(opened: opened, record: finding.record)
    }

    /// Compares an account with what its passphrase has confirmed, as far as that can be done without the passphrase.
    func compare(_ account: Account, _ identity: KeyIdentity, warn: (String) -> Void) {
        let finding = AccountConfirmation.compare(account.name, in: self, identity)
        if let warning = finding.warning(about: account.name) { warn(warning) }
    }

    /// Writes the record of a user again, if there is one to rely on: what a command has changed itself is confirmed,
    /// and nothing else.
    ///
    /// - Parameters:
    ///   - name: the user.
    ///   - key: as it was opened before the change.
    ///   - opened: the key in use after it; nil for the same one.
    ///   - old: server.conf before the change.
    func renew(_ name: String, _ key: OwnerKey, with opened: OpenedKey? = nil, from old: Configuration) throws {
        guard let opened = opened ?? key.opened,
            let record = key.record?.renewed(
                with: opened, from: old.written(for: name).settings, to: written(for: name).settings)
        else { return }
        try AccountConfirmation.write([record], to: keyDirectory(of: name))
    }
}

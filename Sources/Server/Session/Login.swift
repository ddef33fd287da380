private import Foundation
internal import GnuPG
internal import Logging
internal import OpenPGP
internal import SSHTransport
internal import Secrets
internal import ServerConfiguration
internal import Vault

/// Logs users in: opens the keys that a ``LoginDecision`` asks for, delays and logs failures, and tells the listener.
final class Login: Authenticator {
    /// The user who has logged in, with the keys of the session.
    struct Admission {
        let account: Account
        let view: View
        let home: SessionHome
        let credential: Credential
    }

    /// What tells this login from others of the account.
    enum Credential {
        case owner
        /// A keyed hash of the password that was given.
        case password([UInt8])
        /// The fingerprint of the public key.
        case key(String)
    }

    private let configuration: Configuration
    /// What this machine remembers of the vault; nil if it was not told to trust it.
    private let known: KnownVault?
    private let visitKey: [UInt8]
    private let link: ListenerLink
    private let log: Logger
    /// The result of the login; nil until somebody has logged in.
    private(set) var admission: Admission?

    /// - Parameters:
    ///   - known: see ``SessionParameters/known``.
    ///   - visitKey: see ``SessionParameters/visitKey``.
    init(
        _ configuration: Configuration, known: KnownVault?, visitKey: [UInt8], _ link: ListenerLink, _ log: Logger
    ) {
        self.configuration = configuration
        self.known = known
        self.visitKey = visitKey
        self.link = link
        self.log = log
    }

    // MARK: By password

    func accepts(user: [UInt8], password: UnsafeRawBufferPointer) -> Bool {
        let name = String(decoding: user, as: UTF8.self)
        return finish(name, SecretBytes(copying: password).flatMap { admit(name, $0) })
    }

    private func admit(_ name: String, _ password: SecretBytes) -> Admission? {
        let account = configuration.account(named: name)
        var owner: Admission?
        let decision = LoginDecision(
            for: account, matches: { $0.verify(password) },
            opensKey: {
                let (opening, admission) = account.map { openAsOwner($0, password) } ?? (.refused, nil)
                owner = admission
                return opening
            })
        return switch decision {
        case .owner: owner
        case .writeOnly:
            account.flatMap { admitWriteOnly($0, .visit, .password(KeyedHash.hash(password, key: visitKey))) }
        case .rejected: nil
        }
    }

    // MARK: By public key

    func accepts(user: [UInt8], key: PublicKey) -> Bool {
        let account = configuration.account(named: String(decoding: user, as: UTF8.self))
        return account?.authorizedKeys.contains { PublicKey(line: $0)?.matches(key) ?? false } ?? false
    }

    func loggedIn(user: [UInt8], key: PublicKey) -> Bool {
        let name = String(decoding: user, as: UTF8.self)
        let account = accepts(user: user, key: key) ? configuration.account(named: name) : nil
        return finish(
            name,
            account.flatMap {
                admitWriteOnly($0, .addOnly(View.OnExists($0.onExists)), .key(key.fingerprint))
            })
    }

    // MARK: The keys

    private func openAsOwner(
        _ account: Account, _ passphrase: SecretBytes
    ) -> (LoginDecision.KeyOpening, Admission?) {
        do throws(OpenPGPError) {
            let home = try SessionHome(
                keysIn: configuration.keyDirectory(of: account.name), fingerprint: account.key,
                passphrase: passphrase, engine: configuration.engine,
                stallTimeout: configuration.limits.stallTimeout)
            let finding = AccountConfirmation.check(account.name, in: configuration, home.identity, home.opened)
            guard report(finding, account), isTrusted(home.identity, account) else { return (.refused, nil) }
            return (.opened, admission(account, .plaintext, home, .owner))
        } catch {
            // Without a hash the key is what tells a wrong passphrase. With one, a key that does not open is an error.
            if error.code == .passphrase, account.ownerCheck == .key { return (.wrongPassphrase, nil) }
            logUnusable(account, error)
            return (error.code == .passphrase ? .wrongPassphrase : .refused, nil)
        }
    }

    /// Admits to the write-only view, whatever the account's access: an SSH key cannot open an OpenPGP key.
    private func admitWriteOnly(_ account: Account, _ view: View, _ credential: Credential) -> Admission? {
        do throws(OpenPGPError) {
            let home = try SessionHome(
                publicKeysIn: configuration.keyDirectory(of: account.name), fingerprint: account.key,
                engine: configuration.engine, stallTimeout: configuration.limits.stallTimeout)
            _ = report(AccountConfirmation.compare(account.name, in: configuration, home.identity), account)
            guard isTrusted(home.identity, account) else { return nil }
            return admission(account, view, home, credential)
        } catch {
            logUnusable(account, error)
            return nil
        }
    }

    private func admission(
        _ account: Account, _ view: View, _ home: SessionHome, _ credential: Credential
    ) -> Admission {
        if let reason = home.cryptor.fallbackReason {
            log.warning(
                "the native engine is not used for this session",
                metadata: ["username": "\(account.name)", "reason": "\(reason)"])
        }
        return Admission(account: account, view: view, home: home, credential: credential)
    }

    private func logUnusable(_ account: Account, _ error: OpenPGPError) {
        log.error("the user's key cannot be opened", metadata: ["username": "\(account.name)", "error": "\(error)"])
    }

    /// Logs an account that is not as its passphrase has confirmed it.
    ///
    /// - Returns: whether the key is the one that was confirmed, or nothing was.
    private func report(_ finding: AccountConfirmation.Finding, _ account: Account) -> Bool {
        guard let warning = finding.warning(about: account.name) else { return true }
        if case .otherKey = finding {
            log.error(
                "another key than the confirmed one", metadata: ["username": "\(account.name)", "reason": "\(warning)"])
            return false
        }
        log.warning("not as confirmed", metadata: ["username": "\(account.name)", "reason": "\(warning)"])
        return true
    }

    /// Logs a key that is not the one that this machine remembers.
    private func isTrusted(_ identity: KeyIdentity, _ account: Account) -> Bool {
        guard let difference = known?.difference(of: account.name, KnownVault.Key(identity)) else { return true }
        log.error(
            "not the key that this machine trusts: 'cryptsftp trust' accepts it",
            metadata: ["username": "\(account.name)", "reason": "\(difference)"])
        return false
    }

    // MARK: The outcome

    /// Logs the outcome of a login and tells the listener.
    ///
    /// - Returns: false when nobody was admitted.
    private func finish(_ name: String, _ admission: Admission?) -> Bool {
        self.admission = admission
        guard let admission else {
            // The client chooses the name: nothing but a valid user name is written to the log.
            let shown = Account.isValid(name: name) ? name : "(not a user name)"
            log.warning("login failed", metadata: ["username": "\(shown)"])
            // Asked now, because other connections of the same peer may have failed since this one began.
            if case .delay(let milliseconds)? = link.ask(.failedLogin) {
                Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
            }
            return false
        }
        let isOwner = admission.view == .plaintext
        link.send(.loggedIn(user: admission.account.name, isOwner: isOwner))
        log.info(
            "logged in", metadata: ["username": "\(admission.account.name)", "view": "\(isOwner ? "rw" : "wo")"])
        return true
    }
}

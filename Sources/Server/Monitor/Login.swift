private import Foundation
internal import GnuPG
internal import Logging
internal import OpenPGP
internal import SSHTransport
internal import Secrets
internal import ServerConfiguration
internal import Vault

/// Logs users in: opens the keys that a ``LoginDecision`` asks for, delays and logs failures, and tells the listener.
final class Login {
    /// The user who has logged in, with the keys of the session.
    struct Admitted {
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
    private let data: Directory?
    /// What this machine remembers of the vault; nil if it was not told to trust it.
    private let known: KnownVault?
    private let visitKey: [UInt8]
    private let sharing: KeySharing
    private let link: ListenerLink
    private let log: Logger
    /// Where the keys of the session are, once some are needed; then this process is confined.
    private var runtime: RuntimeDirectory?
    /// The result of the login; nil until somebody has logged in.
    private(set) var admitted: Admitted?

    /// - Parameters:
    ///   - data: the data directory; nil if it cannot be opened.
    ///   - known: see ``SessionParameters/known``.
    ///   - visitKey: see ``SessionParameters/visitKey``.
    init(
        _ configuration: Configuration, data: Directory?, known: KnownVault?, visitKey: [UInt8],
        _ sharing: KeySharing, _ link: ListenerLink, _ log: Logger
    ) {
        self.configuration = configuration
        self.data = data
        self.known = known
        self.visitKey = visitKey
        self.sharing = sharing
        self.link = link
        self.log = log
    }

    /// Removes the keys of the session.
    func end() {
        admitted = nil
        runtime = nil
    }

    // MARK: By password

    /// Decides whether a password logs a user in.
    func accepts(user: [UInt8], password: SecretBytes) throws -> Bool {
        let name = String(decoding: user, as: UTF8.self)
        link.send(.loginStarted)
        return finish(name, try admit(name, password))
    }

    private func admit(_ name: String, _ password: SecretBytes) throws -> Admitted? {
        let account = configuration.account(named: name)
        var owner: Result<Admitted?, any Error> = .success(nil)
        let decision = LoginDecision(
            for: account, matches: { $0.verify(password) },
            opensKey: {
                do {
                    let (opening, admitted) = try account.map { try openAsOwner($0, password) } ?? (.refused, nil)
                    owner = .success(admitted)
                    return opening
                } catch {
                    owner = .failure(error)
                    return .refused
                }
            })
        let opened = try owner.get()
        return switch decision {
        case .owner: opened
        case .writeOnly:
            try account.flatMap {
                try admitWriteOnly($0, .visit, .password(KeyedHash.hash(password, key: visitKey)))
            }
        case .rejected: nil
        }
    }

    // MARK: By public key

    /// Whether a public key may log a user in.
    ///
    /// - Parameter key: as in RFC 4253, section 6.6. It is compared, and never parsed.
    func mayOffer(user: [UInt8], key: [UInt8]) -> Bool { allowed(user, key) != nil }

    /// The account that a public key may log in to, and the key as server.conf has it.
    private func allowed(_ user: [UInt8], _ key: [UInt8]) -> (account: Account, key: PublicKey)? {
        guard let account = configuration.account(named: String(decoding: user, as: UTF8.self)) else { return nil }
        let keys = account.authorizedKeys.lazy.compactMap { PublicKey(line: $0) }
        return keys.first { $0.blob == key }.map { (account, $0) }
    }

    /// Logs a user in who has proved to own a key.
    func accepts(user: [UInt8], key: [UInt8]) throws -> Bool {
        let name = String(decoding: user, as: UTF8.self)
        let admitted = try allowed(user, key).flatMap { account, key in
            try admitWriteOnly(account, .addOnly(View.OnExists(account.onExists)), .key(key.fingerprint))
        }
        return finish(name, admitted)
    }

    // MARK: The keys

    /// Opens the user's key, or takes it from another session of the user, which has opened it: that takes most of the
    /// time of a login.
    ///
    /// - Throws: when this process cannot be confined.
    private func openAsOwner(
        _ account: Account, _ passphrase: SecretBytes
    ) throws -> (LoginDecision.KeyOpening, Admitted?) {
        let directory = configuration.keyDirectory(of: account.name)
        let shared = sharedKey(of: account, directory)
        let keys = shared.flatMap { sharing.obtain($0) }
        var isOpen = false
        defer {
            if let shared, isOpen, sharedKey(of: account, directory) == shared {
                sharing.opened(shared)
            } else if shared != nil {
                sharing.failed()
            }
        }
        do {
            let home = try open(account, passphrase, keys, shared, directory)
            let finding = AccountConfirmation.check(account.name, in: configuration, home.identity, home.opened)
            guard report(finding, account), isTrusted(home.identity, account) else { return (.refused, nil) }
            isOpen = true
            return (.opened, admitted(account, .plaintext, home, .owner))
        } catch let error as OpenPGPError {
            // So that another try finds it as this one did.
            runtime?.empty()
            // Without a hash the key is what tells a wrong passphrase. With one, a key that does not open is an error.
            if error.code == .passphrase, account.ownerCheck == .key { return (.wrongPassphrase, nil) }
            logUnusable(account, error)
            return (error.code == .passphrase ? .wrongPassphrase : .refused, nil)
        }
    }

    /// - Parameters:
    ///   - keys: what another session has opened; nil to open the key here.
    ///   - shared: ``sharedKey(of:_:)`` as it was before.
    private func open(
        _ account: Account, _ passphrase: SecretBytes, _ keys: SharedKeys?, _ shared: String?, _ directory: URL
    ) throws -> SessionHome {
        let runtime = try prepareForKeys()
        let stallTimeout = configuration.limits.stallTimeout
        if let keys {
            let home = try? SessionHome(keys, keysIn: directory, stallTimeout: stallTimeout, in: runtime)
            // The directory is locked by now: what has not changed since it was looked at is what was opened.
            if let home, sharedKey(of: account, directory) == shared {
                log.debug("the key comes from another session", metadata: ["username": "\(account.name)"])
                return home
            }
            runtime.empty()
        }
        return try SessionHome(
            keysIn: directory, fingerprint: account.key, passphrase: passphrase, engine: configuration.engine,
            stallTimeout: stallTimeout, in: runtime)
    }

    /// A text that is the same for two logins only if their account, passphrase and key files are.
    ///
    /// - Returns: nil for an account without a hash: the key itself checks its passphrase, each time.
    private func sharedKey(of account: Account, _ directory: URL) -> String? {
        guard case .hash = account.ownerCheck, let version = KeyDirectoryVersion.current(of: directory) else {
            return nil
        }
        return "\(account)\n\(configuration.engine)\n\(version)"
    }

    /// Admits to the write-only view, whatever the account's access: an SSH key cannot open an OpenPGP key.
    ///
    /// - Throws: when this process cannot be confined.
    private func admitWriteOnly(_ account: Account, _ view: View, _ credential: Credential) throws -> Admitted? {
        do {
            let home = try SessionHome(
                publicKeysIn: configuration.keyDirectory(of: account.name), fingerprint: account.key,
                engine: configuration.engine, stallTimeout: configuration.limits.stallTimeout, in: prepareForKeys())
            _ = report(AccountConfirmation.compare(account.name, in: configuration, home.identity), account)
            if isTrusted(home.identity, account) { return admitted(account, view, home, credential) }
        } catch let error as OpenPGPError {
            logUnusable(account, error)
        }
        runtime?.empty()
        return nil
    }

    private func admitted(
        _ account: Account, _ view: View, _ home: SessionHome, _ credential: Credential
    ) -> Admitted {
        if let reason = home.cryptor.fallbackReason {
            log.warning(
                "the native engine is not used for this session",
                metadata: ["username": "\(account.name)", "reason": "\(reason)"])
        }
        return Admitted(account: account, view: view, home: home, credential: credential)
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

    /// Makes a place for the keys, and confines this process before it starts gpg for the first time: gpg and its agent
    /// parse what others have written.
    private func prepareForKeys() throws -> RuntimeDirectory {
        if let runtime { return runtime }
        let made = try RuntimeDirectory()
        try Confinement.enterMonitor(
            keys: configuration.directory.appending(path: "keys").path, data: data, runtime: made.path,
            programDirectory: GnuPGProgram.directory)
        runtime = made
        return made
    }

    // MARK: The outcome

    /// Logs the outcome of a login and tells the listener.
    ///
    /// - Returns: false when nobody was admitted.
    private func finish(_ name: String, _ admitted: Admitted?) -> Bool {
        self.admitted = admitted
        guard let admitted else {
            // The client chooses the name: nothing but a valid user name is written to the log.
            let shown = Account.isValid(name: name) ? name : "(not a user name)"
            var delay: UInt64 = 0
            // Asked now, because other connections of the same peer may have failed since this one began.
            if case .delay(let milliseconds)? = link.ask(.failedLogin) { delay = milliseconds }
            log.warning("login failed", metadata: ["username": "\(shown)", "delay_ms": "\(delay)"])
            Thread.sleep(forTimeInterval: Double(delay) / 1000)
            return false
        }
        let isOwner = admitted.view == .plaintext
        link.send(.loggedIn(user: admitted.account.name, isOwner: isOwner))
        log.info(
            "logged in", metadata: ["username": "\(admitted.account.name)", "view": "\(isOwner ? "rw" : "wo")"])
        return true
    }
}

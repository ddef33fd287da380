private import Foundation
internal import GnuPG
internal import Logging
internal import OpenPGP
internal import SSHTransport
internal import Secrets
internal import ServerConfiguration
internal import Vault

/// Decides who may log in to what, and opens the keys for it.
final class Login: Authenticator {
    /// Who is in.
    struct Admission {
        let account: Account
        let view: View
        let home: SessionHome
    }

    private let configuration: Configuration
    private let failureDelay: Int
    private let events: EventPipe
    private let log: Logger
    private(set) var admission: Admission?

    init(_ configuration: Configuration, failureDelay: Int, _ events: EventPipe, _ log: Logger) {
        self.configuration = configuration
        self.failureDelay = failureDelay
        self.events = events
        self.log = log
    }

    func accepts(user: [UInt8], password: UnsafeRawBufferPointer) -> Bool {
        let name = String(decoding: user, as: UTF8.self)
        guard let secret = SecretBytes(copying: password), let admission = admit(name, secret) else {
            refuse(name)
            return false
        }
        welcome(admission)
        return true
    }

    /// The owner's passphrase first, then the write-only login: whoever gives the passphrase gets the plaintext.
    private func admit(_ name: String, _ password: SecretBytes) -> Admission? {
        let account = configuration.account(named: name)
        if isOwner(account, password), let account {
            return open(account, .plaintext) {
                try SessionHome(
                    keysIn: self.configuration.keyDirectory(of: account.name), fingerprint: account.key,
                    passphrase: password, engine: self.configuration.engine,
                    stallTimeout: self.configuration.limits.stallTimeout)
            } ?? strangers(account, password)
        }
        return strangers(account, password)
    }

    /// Whether the password may be the owner's.
    ///
    /// A hash settles it in some 50 ms, for unknown users too; without one, the key will tell.
    private func isOwner(_ account: Account?, _ password: SecretBytes) -> Bool {
        guard let account else {
            _ = PasswordHash.unmatchable?.verify(password)
            return false
        }
        switch account.ownerCheck {
        case .hash(let hash): return hash.verify(password)
        case .key: return true
        }
    }

    private func strangers(_ account: Account?, _ password: SecretBytes) -> Admission? {
        guard let account, account.access == .wo else {
            // As long as for an account with a password for strangers: time must not tell which there is.
            _ = PasswordHash.unmatchable?.verify(password)
            return nil
        }
        switch account.writeOnlyCheck {
        case .hash(let hash): return hash.verify(password) ? openPublic(account) : nil
        // Any password is let in at once: that takes less time, and hides nothing.
        case .anything: return openPublic(account)
        }
    }

    /// A public key cannot open an OpenPGP key: it gets the write-only view, whatever the account's access.
    private func openPublic(_ account: Account) -> Admission? {
        open(account, .ciphertext(listsAll: account.woListsAll)) {
            try SessionHome(
                publicKeysIn: self.configuration.keyDirectory(of: account.name), fingerprint: account.key,
                engine: self.configuration.engine, stallTimeout: self.configuration.limits.stallTimeout)
        }
    }

    private func open(_ account: Account, _ view: View, _ home: () throws -> SessionHome) -> Admission? {
        do {
            let home = try home()
            if let reason = home.cryptor.fallbackReason {
                log.warning(
                    "the native engine is not used for this session",
                    metadata: ["username": "\(account.name)", "reason": "\(reason)"])
            }
            return Admission(account: account, view: view, home: home)
        } catch let error as OpenPGPError where error.code == .passphrase && account.ownerCheck == .key {
            return nil
        } catch {
            log.error(
                "the user's key cannot be opened", metadata: ["username": "\(account.name)", "error": "\(error)"])
            return nil
        }
    }

    func accepts(user: [UInt8], key: PublicKey) -> Bool {
        let account = configuration.account(named: String(decoding: user, as: UTF8.self))
        return account?.authorizedKeys.contains { PublicKey(line: $0)?.matches(key) ?? false } ?? false
    }

    func loggedIn(user: [UInt8], key: PublicKey) -> Bool {
        let name = String(decoding: user, as: UTF8.self)
        guard accepts(user: user, key: key), let account = configuration.account(named: name),
            let admission = openPublic(account)
        else {
            refuse(name)
            return false
        }
        welcome(admission)
        return true
    }

    private func welcome(_ admission: Admission) {
        self.admission = admission
        let view = admission.view == .plaintext ? "rw" : "wo"
        events.send(.loggedIn(user: admission.account.name, isOwner: admission.view == .plaintext))
        log.info("logged in", metadata: ["username": "\(admission.account.name)", "view": "\(view)"])
    }

    private func refuse(_ name: String) {
        // A client chooses this name: no more of it than a user name may have gets into the log.
        let shown = Account.isValid(name: name) ? name : "(not a user name)"
        events.send(.loginFailed)
        log.warning("login failed", metadata: ["username": "\(shown)"])
        usleep(UInt32(clamping: failureDelay * 1000))
    }
}

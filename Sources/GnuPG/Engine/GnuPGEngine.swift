private import Glibc
internal import OpenPGP
private import Platform
internal import Secrets

/// Messages by gpg, one process for each.
struct GnuPGEngine: Engine {
    let key: RecipientKey
    private let gnupgFraming: GnuPGFraming
    /// What opens the secret key in this session's home; nil for a session that has none.
    let passphrase: SecretBytes?
    let stallTimeout: Duration

    /// - Parameters:
    ///   - key: the user's, in the home that ``GnuPG/use(home:)`` named.
    ///   - passphrase: what opens the secret key there, or nil when there is none.
    ///   - stallTimeout: how long gpg may do nothing.
    init(_ gnupg: GnuPG, _ key: RecipientKey, passphrase: SecretBytes?, stallTimeout: Duration) {
        self.key = key
        gnupgFraming = GnuPGFraming(gnupg.version)
        self.passphrase = passphrase
        self.stallTimeout = stallTimeout
    }

    var framing: ContentFraming { .gnupg(gnupgFraming) }

    func encrypt(into descriptor: Int32) throws(OpenPGPError) -> any Encryption {
        try GnuPGEncryption(to: key, gnupgFraming, into: descriptor, stallTimeout: stallTimeout)
    }

    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        let passphrase = try unlocked()
        // A descriptor of its own, and a position of its own: several reads of one file do not disturb each other.
        let own = try OpenPGPError.inputOutput("cannot reopen the stored file") { () throws(SystemError) in
            try OwnedDescriptor(path: "/proc/self/fd/\(descriptor)", O_RDONLY)
        }
        return try GnuPGDecryption(own, passphrase, stallTimeout: stallTimeout)
    }

    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        try SessionKey.unwrap(message, unlocked(), stallTimeout: stallTimeout)
    }

    private func unlocked() throws(OpenPGPError) -> SecretBytes {
        guard let passphrase else { throw OpenPGPError(.key, "this session has no secret key") }
        return passphrase
    }
}

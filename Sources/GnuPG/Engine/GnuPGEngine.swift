internal import OpenPGP
private import Platform
internal import Secrets

/// An engine that runs a gpg process for each message.
struct GnuPGEngine: Engine, Sendable {
    let home: GnuPGHome
    let key: RecipientKey
    /// Opens the secret key in the home; nil for a session without one.
    let passphrase: SecretBytes?
    let stallTimeout: Duration
    private let gnupgFraming: GnuPGFraming

    /// - Parameters:
    ///   - program: the gpg in use, whose version decides the framing.
    ///   - home: where the session's keys are.
    ///   - key: the user's key, in that home.
    ///   - passphrase: opens the secret key there; nil when there is none.
    ///   - stallTimeout: how long gpg may do nothing.
    init(
        _ program: GnuPGProgram, _ home: GnuPGHome, _ key: RecipientKey, passphrase: SecretBytes?,
        stallTimeout: Duration
    ) {
        self.home = home
        self.key = key
        self.passphrase = passphrase
        self.stallTimeout = stallTimeout
        gnupgFraming = GnuPGFraming(program.version)
    }

    var framing: ContentFraming { .gnupg(gnupgFraming) }

    func encrypt(into descriptor: Int32, isPartial: Bool) throws(OpenPGPError) -> any Encryption {
        try GnuPGEncryption(
            to: key, in: home, gnupgFraming, into: descriptor, isPartial: isPartial, stallTimeout: stallTimeout)
    }

    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        let passphrase = try requirePassphrase()
        let file = try OpenPGPError.inputOutput("cannot keep the stored file open") { () throws(SystemError) in
            try OwnedDescriptor(duplicating: descriptor)
        }
        return try GnuPGDecryption(file, passphrase, in: home, stallTimeout: stallTimeout)
    }

    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        try sessionKey(ofBeginning: message.beginning())
    }

    /// Opens the session key of a message of which the beginning is known: see ``EncryptedMessage/beginning()``.
    func sessionKey(ofBeginning beginning: [UInt8]) throws(OpenPGPError) -> SessionKey? {
        try SessionKey.unwrap(beginning, requirePassphrase(), in: home, stallTimeout: stallTimeout)
    }

    private func requirePassphrase() throws(OpenPGPError) -> SecretBytes {
        guard let passphrase else { throw OpenPGPError(.key, "this session has no secret key") }
        return passphrase
    }
}

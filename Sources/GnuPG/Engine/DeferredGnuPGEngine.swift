internal import OpenPGP
internal import Secrets
private import Synchronization

/// A ``GnuPGEngine`` that is made when it is first needed: gpg has to list the key for that.
final class DeferredGnuPGEngine: Engine, Sendable {
    let framing: ContentFraming
    private let home: GnuPGHome
    private let fingerprint: String
    private let passphrase: SecretBytes?
    private let stallTimeout: Duration
    private let made: Mutex<GnuPGEngine?>

    /// Prepares to make an engine.
    ///
    /// - Parameters:
    ///   - framing: that of the gpg in use.
    ///   - home: where the session's keys are.
    ///   - fingerprint: the user's key, in that home.
    ///   - passphrase: opens the secret key there; nil when there is none.
    ///   - stallTimeout: how long gpg may do nothing.
    init(
        _ framing: ContentFraming, _ home: GnuPGHome, _ fingerprint: String, passphrase: SecretBytes?,
        stallTimeout: Duration
    ) {
        self.framing = framing
        self.home = home
        self.fingerprint = fingerprint
        self.passphrase = passphrase
        self.stallTimeout = stallTimeout
        made = Mutex(nil)
    }

    /// Takes an engine that is there already.
    init(_ engine: GnuPGEngine) {
        framing = engine.framing
        home = engine.home
        fingerprint = engine.key.listed.description.fingerprint
        passphrase = engine.passphrase
        stallTimeout = engine.stallTimeout
        made = Mutex(engine)
    }

    private func engine() throws(OpenPGPError) -> GnuPGEngine {
        try made.withLock { made throws(OpenPGPError) in
            if let made { return made }
            let engine = GnuPGEngine(
                try GnuPGProgram.find(), home, try RecipientKey(fingerprint, in: home), passphrase: passphrase,
                stallTimeout: stallTimeout)
            made = engine
            return engine
        }
    }

    func encrypt(into descriptor: Int32, isPartial: Bool) throws(OpenPGPError) -> any Encryption {
        try engine().encrypt(into: descriptor, isPartial: isPartial)
    }

    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption { try engine().decrypt(descriptor) }

    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        try engine().sessionKey(of: message)
    }

    /// Opens the session key of a message of which the beginning is known: see ``EncryptedMessage/beginning()``.
    func sessionKey(ofBeginning beginning: [UInt8]) throws(OpenPGPError) -> SessionKey? {
        try engine().sessionKey(ofBeginning: beginning)
    }
}

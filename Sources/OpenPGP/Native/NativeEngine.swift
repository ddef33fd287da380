/// The engine that makes and reads messages without gpg, for ECDH subkeys on Curve25519 and AES.
///
/// It reads what any program has encrypted to such a subkey with AES; other messages are left to another engine.
package struct NativeEngine: Engine {
    package let subkey: ECDHSubkey
    /// Nil for a session that has no secret key.
    package let secret: SecretSubkey?
    private let fallback: any Engine

    /// Makes an engine for one subkey.
    ///
    /// - Parameters:
    ///   - subkey: the recipient's encryption subkey.
    ///   - secret: its secret part; nil for a session that has none.
    ///   - fallback: the engine for the messages that this one cannot read.
    package init(_ subkey: ECDHSubkey, _ secret: SecretSubkey?, fallback: any Engine) {
        self.subkey = subkey
        self.secret = secret
        self.fallback = fallback
    }

    package var framing: ContentFraming { .native }

    package func encrypt(into descriptor: Int32, isPartial: Bool) throws(OpenPGPError) -> any Encryption {
        NativeEncryption(to: subkey, into: descriptor, isPartial: isPartial)
    }

    package func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        let message = try EncryptedMessage(CiphertextFile(whole: descriptor).withHead())
        guard let key = try openedKey(of: message) else { return try fallback.decrypt(descriptor) }
        return NativeDecryption(try MessagePass(over: message, key)) { [fallback] () throws(OpenPGPError) in
            try fallback.decrypt(descriptor)
        }
    }

    /// Opens the session key; the fallback opens it, or says why not, for a message none of whose PKESKs can be opened
    /// here.
    package func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        if let key = try openedKey(of: message) { return key }
        return try fallback.sessionKey(of: message)
    }

    /// Opens the first PKESK that is for the secret subkey.
    ///
    /// - Returns: nil when there is none, or no secret subkey.
    func openedKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        guard let secret else { return nil }
        for packet in message.keyPackets {
            let body = try message.file.read(at: packet.lowerBound, packet.count)
            if let key = try PKESK.open(body, with: secret) { return key }
        }
        return nil
    }
}

/// Messages by this module itself, with gpg for what it does not know.
///
/// It knows keys with an encryption subkey on curve25519, and reads what any program has encrypted to one with AES.
package struct NativeEngine: Engine {
    private let subkey: CurveSubkey
    /// Nil for a session that has no secret key.
    private let secret: SecretSubkey?
    private let fallback: any Engine

    /// - Parameters:
    ///   - subkey: whom messages are for.
    ///   - secret: its secret part; nil for a session that has none.
    ///   - fallback: reads what this engine does not know.
    package init(_ subkey: CurveSubkey, _ secret: SecretSubkey?, fallback: any Engine) {
        self.subkey = subkey
        self.secret = secret
        self.fallback = fallback
    }

    package var framing: ContentFraming { .native }

    package func encrypt(into descriptor: Int32) throws(OpenPGPError) -> any Encryption {
        NativeEncryption(to: subkey, into: descriptor)
    }

    package func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        let message = try EncryptedMessage(CiphertextFile(whole: descriptor).withHead())
        guard let key = try openedKey(of: message) else { return try fallback.decrypt(descriptor) }
        return NativeDecryption(try MessagePass(over: message, key)) { [fallback] () throws(OpenPGPError) in
            try fallback.decrypt(descriptor)
        }
    }

    /// What no session key packet can be opened for is for gpg to read, or to say what is wrong with it.
    package func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        if let key = try openedKey(of: message) { return key }
        return try fallback.sessionKey(of: message)
    }

    /// Opens one of the message's session key packets, without gpg.
    func openedKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey? {
        guard let secret else { return nil }
        for packet in message.keyPackets {
            let body = try message.bytes.read(at: packet.lowerBound, packet.count)
            if let key = try PKESK.open(body, with: secret) { return key }
        }
        return nil
    }
}

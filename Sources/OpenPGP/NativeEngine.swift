/// Messages by this module itself, with gpg for what it does not know.
///
/// It knows keys with an encryption subkey on curve25519, and reads what any program has encrypted to one with AES.
struct NativeEngine: Engine {
    private let gnupg: GnuPGEngine
    private let subkey: CurveSubkey
    /// Nil for a session that has no secret key.
    private let secret: SecretSubkey?

    /// - Parameter exported: the secret key as gpg exports it; nil for a session that has none.
    /// - Returns: nil for a key of another kind.
    init?(_ gnupg: GnuPGEngine, _ exported: KeyPackets?) throws(OpenPGPError) {
        self.gnupg = gnupg
        guard let exported, let passphrase = gnupg.passphrase else {
            let packets = try KeyPackets.exported(gnupg.key.fingerprint, .publicKeys, patience: gnupg.patience)
            for body in packets.bodies(.publicSubkey) {
                guard let part = try CurveSubkey(body), part.fingerprint == gnupg.key.subkeyFingerprint else {
                    continue
                }
                subkey = part
                secret = nil
                return
            }
            return nil
        }
        for body in exported.bodies(.secretSubkey) {
            guard let part = try CurveSubkey(body), part.fingerprint == gnupg.key.subkeyFingerprint else { continue }
            guard let secret = try SecretSubkey(body, passphrase) else {
                throw OpenPGPError(.engine, "gpg exported the secret subkey in a form that is not read here")
            }
            subkey = part
            self.secret = secret
            return
        }
        return nil
    }

    var kind: EngineKind { .native }
    var framing: ContentFraming { .native }

    func encrypt(into descriptor: Int32) throws(OpenPGPError) -> any Encryption {
        NativeEncryption(to: subkey, into: descriptor)
    }

    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption {
        let message = try StoredMessage(StoredOctets(whole: descriptor).withHead())
        guard let key = try openedKey(of: message) else { return try gnupg.decrypt(descriptor) }
        return NativeDecryption(try MessagePass(over: message, key)) { [gnupg] () throws(OpenPGPError) in
            try gnupg.decrypt(descriptor)
        }
    }

    /// What no session key packet can be opened for is for gpg to read, or to say what is wrong with it.
    func sessionKey(of message: StoredMessage) throws(OpenPGPError) -> SessionKey? {
        if let key = try openedKey(of: message) { return key }
        return try gnupg.sessionKey(of: message)
    }

    /// Opens one of the message's session key packets, without gpg.
    func openedKey(of message: StoredMessage) throws(OpenPGPError) -> SessionKey? {
        guard let secret else { return nil }
        for packet in message.keyPackets {
            let body = try message.octets.read(at: packet.lowerBound, packet.count)
            if let key = try SessionKeyPacket.open(body, with: secret) { return key }
        }
        return nil
    }
}

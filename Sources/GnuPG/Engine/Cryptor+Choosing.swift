internal import OpenPGP

extension Cryptor {
    /// A cryptor with the engine that was asked for, if it passes its self-test, else with gpg.
    ///
    /// - Parameters:
    ///   - kind: the engine that is asked for.
    ///   - gnupg: the engine that knows everything.
    ///   - exported: the secret key as gpg exports it; nil for a session that has none.
    static func choosing(_ kind: EngineKind, _ gnupg: GnuPGEngine, _ exported: KeyPackets?) -> Cryptor {
        let recipient = Recipient(keyID: gnupg.key.keyID, unusableReason: gnupg.key.unusable)
        guard kind == .native else { return Cryptor(recipient, gnupg) }
        do throws(OpenPGPError) {
            guard let native = try NativeEngine(for: gnupg, exported) else { return Cryptor(recipient, gnupg) }
            try NativeEngineSelfTest(native, against: gnupg, recipient, canDecrypt: gnupg.passphrase != nil).run()
            return Cryptor(recipient, native)
        } catch {
            return Cryptor(recipient, gnupg, fallbackReason: error)
        }
    }
}

extension NativeEngine {
    /// An engine for the key of another.
    ///
    /// - Parameter exported: the secret key as gpg exports it; nil for a session that has none.
    /// - Returns: nil for a key of another kind.
    fileprivate init?(for gnupg: GnuPGEngine, _ exported: KeyPackets?) throws(OpenPGPError) {
        guard let exported, let passphrase = gnupg.passphrase else {
            let packets = try KeyPackets.exported(gnupg.key.fingerprint, .publicKeys, stallTimeout: gnupg.stallTimeout)
            for body in packets.bodies(.publicSubkey) {
                guard let subkey = try ECDHSubkey(body), subkey.fingerprint == gnupg.key.subkeyFingerprint else {
                    continue
                }
                self.init(subkey, nil, fallback: gnupg)
                return
            }
            return nil
        }
        for body in exported.bodies(.secretSubkey) {
            guard let subkey = try ECDHSubkey(body), subkey.fingerprint == gnupg.key.subkeyFingerprint else {
                continue
            }
            guard let secret = try SecretSubkey(body, passphrase) else {
                throw OpenPGPError(.engine, "gpg exported the secret subkey in a form that is not read here")
            }
            self.init(subkey, secret, fallback: gnupg)
            return
        }
        return nil
    }
}

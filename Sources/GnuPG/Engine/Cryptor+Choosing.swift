internal import OpenPGP

extension Cryptor {
    /// Makes a cryptor with the wanted engine; with gpg if the native engine does not know the key or fails its
    /// self-test.
    ///
    /// - Parameters:
    ///   - kind: the wanted engine.
    ///   - gnupg: the engine that knows every kind of key.
    ///   - exported: the secret key as gpg exports it; nil for a session without one.
    static func choosing(_ kind: EngineKind, _ gnupg: GnuPGEngine, _ exported: KeyPackets?) -> Cryptor {
        let recipient = gnupg.key.recipient
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
    /// Makes an engine for the key of a gpg engine, which stays its fallback.
    ///
    /// - Parameter exported: the secret key as gpg exports it; nil for a session without one.
    /// - Returns: nil when the key's encryption subkey is not on a curve.
    fileprivate init?(for gnupg: GnuPGEngine, _ exported: KeyPackets?) throws(OpenPGPError) {
        guard let exported, let passphrase = gnupg.passphrase else {
            let packets = try gnupg.home.exportPackets(
                .minimalPublicKeys, of: gnupg.key.listed, stallTimeout: gnupg.stallTimeout)
            guard let (subkey, _) = try NativeEngine.find(gnupg.key, in: packets.bodies(.publicSubkey)) else {
                return nil
            }
            self.init(subkey, nil, fallback: gnupg)
            return
        }
        guard let (subkey, body) = try NativeEngine.find(gnupg.key, in: exported.bodies(.secretSubkey)) else {
            return nil
        }
        guard let secret = try SecretSubkey(body, passphrase) else {
            throw OpenPGPError(.engine, "gpg exported the secret subkey in a form that is not read here")
        }
        self.init(subkey, secret, fallback: gnupg)
    }

    /// Finds the encryption subkey among the bodies of subkey packets.
    private static func find(
        _ key: RecipientKey, in bodies: [[UInt8]]
    ) throws(OpenPGPError) -> (subkey: ECDHSubkey, body: [UInt8])? {
        for body in bodies {
            if let subkey = try ECDHSubkey(body), subkey.fingerprint == key.subkeyFingerprint { return (subkey, body) }
        }
        return nil
    }
}

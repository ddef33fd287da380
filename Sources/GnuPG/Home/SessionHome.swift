package import Foundation
package import OpenPGP
package import Secrets

/// The GnuPG home of one session, removed when the session ends, and the session's ``Cryptor``.
package final class SessionHome {
    package let cryptor: Cryptor
    /// The key that files are encrypted to.
    package let identity: KeyIdentity
    /// What the passphrase has opened; nil without one, and for a key of a kind that is only gpg's to read.
    package let opened: OpenedKey?
    let gnupg: DeferredGnuPGEngine
    let home: GnuPGHome
    let fingerprint: String
    /// The random passphrase of the secret keys in the home; nil without any.
    let passphrase: SecretBytes?
    /// Where the home is.
    package let directory: RuntimeDirectory
    /// Held until the owner's session ends, which knows only the keys that were there when it began.
    ///
    /// Nil without secret keys: such a session reads nothing, and what it still stores to an older key opens as before.
    private let lock: KeyDirectoryLock?

    /// The engine that runs gpg, for threads of their own.
    package var gnupgEngine: any Engine & Sendable { gnupg }

    /// Has gpg open the session key of a message of which the beginning is known.
    ///
    /// - Parameter beginning: see ``OpenPGP/EncryptedMessage/beginning()``.
    /// - Returns: nil for another cipher than AES.
    package func sessionKey(ofBeginning beginning: [UInt8]) throws(OpenPGPError) -> SessionKey? {
        try gnupg.sessionKey(ofBeginning: beginning)
    }

    /// Makes a home with the public keys only, whose session can encrypt but not decrypt.
    ///
    /// - Parameters:
    ///   - keys: the user's key directory.
    ///   - fingerprint: the user's key.
    ///   - engine: which engine makes the messages.
    ///   - stallTimeout: how long gpg may do nothing.
    ///   - runtime: an empty one for the home; nil makes one.
    package convenience init(
        publicKeysIn keys: URL, fingerprint: String, engine: EngineKind = .gpgme,
        stallTimeout: Duration = GnuPGProgram.stallTimeout, in runtime: RuntimeDirectory? = nil
    ) throws(OpenPGPError) {
        try self.init(keys, fingerprint, unlockedBy: nil, engine, stallTimeout, runtime)
    }

    /// Makes a home with the secret keys for reading files, protected by a random passphrase of this process.
    ///
    /// The S2K of the key in the user's directory takes half a second with each use. The copy's takes almost no time,
    /// because its passphrase has 256 random bits. So only the login has to wait.
    ///
    /// - Parameters:
    ///   - keys: the user's key directory.
    ///   - fingerprint: the user's key.
    ///   - passphrase: opens the secret key in the user's directory.
    ///   - engine: which engine makes the messages.
    ///   - stallTimeout: how long gpg may do nothing.
    ///   - runtime: an empty one for the home; nil makes one.
    /// - Throws: `.passphrase` when it is the wrong one; `.key` when the key in use needs no passphrase.
    package convenience init(
        keysIn keys: URL, fingerprint: String, passphrase: SecretBytes, engine: EngineKind = .gpgme,
        stallTimeout: Duration = GnuPGProgram.stallTimeout, in runtime: RuntimeDirectory? = nil
    ) throws(OpenPGPError) {
        try self.init(keys, fingerprint, unlockedBy: passphrase, engine, stallTimeout, runtime)
    }

    private init(
        _ keys: URL, _ fingerprint: String, unlockedBy passphrase: SecretBytes?, _ engine: EngineKind,
        _ stallTimeout: Duration, _ runtime: RuntimeDirectory?
    ) throws(OpenPGPError) {
        let lock = try KeyDirectoryLock.shared(keys)
        defer { withExtendedLifetime(lock) {} }
        self.lock = passphrase == nil ? nil : lock
        directory = if let runtime { runtime } else { try RuntimeDirectory() }
        let home = try GnuPGHome(in: directory, s2kCount: GnuPGHome.randomS2KCount)
        try home.copyPublicKeys(from: keys)
        let key = try RecipientKey(fingerprint, in: home)
        identity = key.identity
        guard SecretKeyFile(key.encryption.keygrip, in: keys).protection != .unprotected else {
            throw OpenPGPError.unprotectedKey
        }
        let program = try GnuPGProgram.find()
        self.home = home
        self.fingerprint = fingerprint
        guard let passphrase else {
            let gnupg = GnuPGEngine(program, home, key, passphrase: nil, stallTimeout: stallTimeout)
            self.gnupg = DeferredGnuPGEngine(gnupg)
            self.passphrase = nil
            cryptor = Cryptor.choosing(engine, gnupg, nil)
            opened = nil
            return
        }
        guard let random = SecretBytes.randomHex(32) else { throw OpenPGPError.noLockedMemory }
        let packets = try SessionHome.copySecretKeys(
            for: key, from: keys, to: home, opened: passphrase, protected: random, stallTimeout)
        opened = try OpenedKey(identity, packets, random)
        let gnupg = GnuPGEngine(program, home, key, passphrase: random, stallTimeout: stallTimeout)
        self.gnupg = DeferredGnuPGEngine(gnupg)
        self.passphrase = random
        cryptor = Cryptor.choosing(engine, gnupg, packets)
    }

    /// Takes the keys that another session of the user has opened, without a passphrase and without starting gpg.
    ///
    /// - Parameters:
    ///   - shared: what ``sharedKeys()`` of that session gave.
    ///   - keys: the user's key directory.
    ///   - stallTimeout: how long gpg may do nothing.
    ///   - runtime: an empty one for the home.
    package init(
        _ shared: SharedKeys, keysIn keys: URL, stallTimeout: Duration, in runtime: RuntimeDirectory
    ) throws(OpenPGPError) {
        lock = try KeyDirectoryLock.shared(keys)
        directory = runtime
        home = try GnuPGHome(in: runtime, s2kCount: GnuPGHome.randomS2KCount)
        let facts = shared.facts
        identity = facts.identity
        fingerprint = facts.identity.fingerprint
        passphrase = shared.passphrase
        if let publicKey = facts.publicKey, let key = shared.authenticationKey {
            opened = OpenedKey(identity: facts.identity, publicKey: publicKey, authenticationKey: key)
        } else {
            opened = nil
        }
        gnupg = DeferredGnuPGEngine(
            facts.framing, home, fingerprint, passphrase: shared.passphrase, stallTimeout: stallTimeout)
        let recipient = Recipient(keyID: facts.keyID, unusableReason: facts.unusableReason)
        if let packet = facts.subkey {
            guard let subkey = try ECDHSubkey(packet), let scalar = shared.scalar,
                let secret = SecretSubkey(subkey, scalar)
            else { throw OpenPGPError(.key, "another session has sent a key that does not fit") }
            cryptor = Cryptor(recipient, NativeEngine(subkey, secret, fallback: gnupg))
        } else {
            cryptor = Cryptor(recipient, gnupg, fallbackReason: facts.fallbackReason)
        }
        try home.write(shared)
    }

    /// Copies the secret keys that reading files needs, and changes their passphrases.
    ///
    /// The primary key, which could certify and sign, is not copied. Older keys and subkeys for encryption are, because
    /// there may be files that are encrypted to them; those that the passphrase does not open are left out.
    ///
    /// - Parameters:
    ///   - passphrase: opens the user's keys.
    ///   - random: protects the copies.
    /// - Returns: the current key, as gpg exports it.
    private static func copySecretKeys(
        for key: RecipientKey, from keys: URL, to home: GnuPGHome, opened passphrase: SecretBytes,
        protected random: SecretBytes, _ stallTimeout: Duration
    ) throws(OpenPGPError) -> KeyPackets {
        let keygrip = key.encryption.keygrip
        try home.copySecretKey(keygrip, from: keys)
        guard SecretKeyFile(keygrip, in: home.url).protection != .onCard else {
            throw OpenPGPError(.key, "the key's secret part is not here, but on a card")
        }
        let packets = try home.changePassphrase(
            of: keygrip, in: key.listed, from: passphrase, to: random, stallTimeout: stallTimeout)
        for older in [key.listed] + key.others {
            for subkey in older.description.encryptionSubkeys where subkey.keygrip != keygrip {
                guard SecretKeyFile(subkey.keygrip, in: keys).protection == .passphrase else { continue }
                try home.withOtherSecretKeysHidden(than: subkey.keygrip) { () throws(OpenPGPError) in
                    try home.copySecretKey(subkey.keygrip, from: keys)
                    do throws(OpenPGPError) {
                        try home.changePassphrase(
                            of: subkey.keygrip, in: older, from: passphrase, to: random, stallTimeout: stallTimeout)
                    } catch {
                        // Whatever the reason, a damaged file included: the current key must work all the same.
                        unlink(SecretKeyFile(subkey.keygrip, in: home.url).url.path)
                    }
                }
            }
        }
        return packets
    }
}

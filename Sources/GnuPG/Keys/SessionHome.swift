private import CGPGME
package import Foundation
package import OpenPGP
package import Secrets

/// The GnuPG home of one session, gone with it, and what the session can do there.
package final class SessionHome {
    package let cryptor: Cryptor
    /// The directory of the gpg in use.
    package let programDirectory: String
    private let directory: RuntimeDirectory
    /// Held until the session ends: it knows only the keys that were there when it began.
    private let lock: KeyDirectoryLock

    /// The private directory it is in.
    package var path: String { directory.path }

    /// The home itself, for ``GnuPG/use(home:)``: only when this process has used another one meanwhile.
    package var keyHome: String { directory.path + "/" + RuntimeDirectory.home }

    /// A home with the public key only: it can encrypt, and nothing in it can decrypt.
    ///
    /// - Parameters:
    ///   - keys: the user's key directory.
    ///   - fingerprint: the user's key.
    ///   - engine: who is to make the messages.
    ///   - stallTimeout: how long gpg may do nothing.
    package convenience init(
        publicKeysIn keys: URL, fingerprint: String, engine: EngineKind = .gpgme,
        stallTimeout: Duration = GnuPG.stallTimeout
    ) throws(OpenPGPError) {
        try self.init(keys, fingerprint, unlockedBy: nil, engine, stallTimeout)
    }

    /// A home with the secret key for reading files, protected there by a passphrase that only this process knows.
    ///
    /// The key in the user's directory is stretched for half a second with every use, the copy hardly: its passphrase
    /// is random and 256 bits long. So the login pays once.
    ///
    /// - Throws: `.passphrase` when it is the wrong one.
    package convenience init(
        keysIn keys: URL, fingerprint: String, passphrase: SecretBytes, engine: EngineKind = .gpgme,
        stallTimeout: Duration = GnuPG.stallTimeout
    ) throws(OpenPGPError) {
        try self.init(keys, fingerprint, unlockedBy: passphrase, engine, stallTimeout)
    }

    private init(
        _ keys: URL, _ fingerprint: String, unlockedBy passphrase: SecretBytes?, _ engine: EngineKind,
        _ stallTimeout: Duration
    ) throws(OpenPGPError) {
        lock = try KeyDirectoryLock.shared(keys)
        directory = try RuntimeDirectory()
        let home = directory.path + "/" + RuntimeDirectory.home
        try KeyHome.make(home, agentOptions: ["s2k-count 65536"])
        try KeyHome.copyPublicKeys(from: keys, to: home)
        let gnupg = try GnuPG.use(home: home)
        programDirectory = URL(filePath: gnupg.path).resolvingSymlinksInPath().deletingLastPathComponent().path
        guard let passphrase else {
            let key = try RecipientKey(fingerprint: fingerprint)
            cryptor = Cryptor.choosing(
                engine, GnuPGEngine(gnupg, key, passphrase: nil, stallTimeout: stallTimeout), nil)
            return
        }
        guard let random = SecretBytes.randomHex(32) else { throw OpenPGPError.noLockedMemory }
        let key = try RecipientKey(fingerprint: fingerprint)
        let packets = try SessionHome.takeSecretKeys(
            for: key, from: keys, to: URL(filePath: home), passphrase, random, stallTimeout)
        cryptor = Cryptor.choosing(
            engine, GnuPGEngine(gnupg, key, passphrase: random, stallTimeout: stallTimeout), packets)
    }

    /// Copies the secret keys that reading files needs, each then under the random passphrase.
    ///
    /// The primary key, which could certify and sign, stays out. Older keys and subkeys for encryption come in, because
    /// there may be files that are encrypted to them; one that does not open is left out.
    ///
    /// - Returns: the current one, as gpg exports it.
    private static func takeSecretKeys(
        for key: RecipientKey, from keys: URL, to home: URL, _ passphrase: SecretBytes, _ random: SecretBytes,
        _ stallTimeout: Duration
    ) throws(OpenPGPError) -> KeyPackets {
        let current = SecretKeyFile(key.keygrip, in: home)
        try KeyHome.copySecretKey(key.keygrip, from: keys, to: home.path)
        guard current.protection != .elsewhere else {
            throw OpenPGPError(.key, "the key's secret part is not here, but on a card")
        }
        let packets = try current.rewrap(of: key.raw, from: passphrase, to: random, stallTimeout: stallTimeout)
        for older in try ListedKey.all() {
            for subkey in older.description.encryptionSubkeys where subkey.keygrip != key.keygrip {
                let source = SecretKeyFile(subkey.keygrip, in: keys)
                guard source.protection == .passphrase else { continue }
                // gpg changes the passphrase of whatever it finds: the others are elsewhere meanwhile.
                try KeyHome.aside(in: home) { () throws(OpenPGPError) in
                    try KeyHome.copySecretKey(subkey.keygrip, from: keys, to: home.path)
                    let copy = SecretKeyFile(subkey.keygrip, in: home)
                    do throws(OpenPGPError) {
                        try copy.rewrap(of: older.raw, from: passphrase, to: random, stallTimeout: stallTimeout)
                    } catch {
                        // Also when it is damaged: what the current key opens is to be read all the same.
                        unlink(copy.file.path)
                    }
                }
            }
        }
        return packets
    }
}

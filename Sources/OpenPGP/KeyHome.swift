private import CGPGME
private import CLinux
package import Foundation
package import Secrets

/// GnuPG homes: the ones that keep users' keys, and the ones that sessions use.
///
/// Source: gnupg `doc/gpg-agent.texi` and `doc/gpg.texi` for the options.
package enum KeyHome {
    /// Octets that the passphrase is stretched over (SHA-1, iterated and salted): half a second on a fast machine.
    ///
    /// gpg's own default is a tenth of that. A finder of the stick who guesses has it cheaper with the hash in server.conf.
    static let s2kCount = 512 << 20

    private static let publicKeys = "pubring.kbx"
    private static let secretKeys = "private-keys-v1.d"
    private static let revocations = "openpgp-revocs.d"

    /// Makes a key and keeps it in `folder`, which must not exist yet.
    ///
    /// The key is ed25519 with a cv25519 subkey and does not expire; a revocation certificate is kept beside it. It is made
    /// in a private folder and then copied, because GnuPG cannot work on FAT.
    ///
    /// - Returns: the fingerprint.
    package static func generate(
        userID: String, passphrase: SecretBytes, into folder: URL
    ) throws(OpenPGPError) -> String {
        let runtime = try RuntimeDirectory()
        let home = runtime.path + "/" + RuntimeDirectory.home
        try make(home, agentOptions: ["s2k-count \(s2kCount)"])
        _ = try GnuPG.use(home: home)
        let context = try Context(patience: GnuPG.patience)
        context.answer([passphrase])
        let flags = UInt32(GPGME_CREATE_NOEXPIRE) | UInt32(GPGME_CREATE_FORCE)
        let error = try context.run {
            gpgme_op_createkey_start($0, userID, "future-default", 0, 0, nil, flags)
        }
        if let error { throw OpenPGPError(.engine, "gpg cannot make a key: \(error.text)") }
        guard let result = gpgme_op_genkey_result(context.raw), let text = result.pointee.fpr else {
            throw OpenPGPError(.engine, "gpg ended before it had made the key")
        }
        let fingerprint = String(cString: text)
        try keep(home, in: folder)
        return fingerprint
    }

    /// The fingerprint of the key that lies in a user's key folder.
    ///
    /// - Throws: `.key` when there is not exactly one.
    package static func fingerprint(in folder: URL) throws(OpenPGPError) -> String {
        try withPublicKeys(in: folder) { () throws(OpenPGPError) in try RecipientKey.onlyFingerprint() }
    }

    /// The keys that lie in a user's key folder, as far as their public parts tell.
    package static func keys(in folder: URL) throws(OpenPGPError) -> [KeyFacts] {
        try withPublicKeys(in: folder) { () throws(OpenPGPError) in try KeyFacts.all() }
    }

    /// Points this process at a home with the public keys of `folder` for the time of `body`.
    private static func withPublicKeys<Result>(
        in folder: URL, _ body: () throws(OpenPGPError) -> Result
    ) throws(OpenPGPError) -> Result {
        let runtime = try RuntimeDirectory()
        let home = runtime.path + "/" + RuntimeDirectory.home
        try make(home, agentOptions: [])
        try copyPublicKeys(from: folder, to: home)
        _ = try GnuPG.use(home: home)
        let result = try body()
        withExtendedLifetime(runtime) {}
        return result
    }

    /// Copies the parts of a home worth keeping, all or nothing.
    private static func keep(_ home: String, in folder: URL) throws(OpenPGPError) {
        let files = FileManager.default
        let draft = folder.deletingLastPathComponent().appending(path: ".\(folder.lastPathComponent).new")
        do {
            try? files.removeItem(at: draft)
            try files.createDirectory(
                at: draft, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in [publicKeys, secretKeys, revocations] {
                try files.copyItem(at: URL(filePath: home).appending(path: name), to: draft.appending(path: name))
            }
            try files.moveItem(at: draft, to: folder)
        } catch {
            try? files.removeItem(at: draft)
            throw OpenPGPError(.inputOutput, "cannot keep the key in \(folder.path): \(error.localizedDescription)")
        }
        // GnuPG and the copy do not write through: a stick pulled now must not lose the only key.
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            linux_syncfs(descriptor)
            close(descriptor)
        }
    }

    /// Makes the folder and the two configuration files of a home.
    fileprivate static func make(_ home: String, agentOptions: [String]) throws(OpenPGPError) {
        // gpg has the path of the system's agent inside.
        let bundledAgent = PortableBundle.current?.program("gpg-agent").map { ["agent-program \($0)"] } ?? []
        let gpg =
            bundledAgent + [
                "no-greeting", "no-permission-warning", "trust-model always", "no-auto-check-trustdb",
                "no-auto-key-locate",
                "disable-dirmngr", "cipher-algo AES256", "compress-algo none",
                // A clock that has lost the time must not make the key one from the future, which nothing is encrypted to.
                "ignore-time-conflict", "ignore-valid-from",
            ]
        let agent =
            [
                "default-cache-ttl 0", "max-cache-ttl 0", "auto-expand-secmem", "disable-scdaemon", "no-grab",
                "pinentry-program /bin/false", "extra-socket none", "browser-socket none",
            ] + agentOptions
        do {
            try FileManager.default.createDirectory(
                atPath: home, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            for (name, lines) in [("gpg.conf", gpg), ("gpg-agent.conf", agent)] {
                try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(home)/\(name)"))
            }
        } catch {
            throw OpenPGPError(.inputOutput, "cannot make a GnuPG home: \(error.localizedDescription)")
        }
    }

    /// Copies `name` from the user's key folder into a session's home, for this user alone.
    fileprivate static func copy(_ name: String, from folder: URL, to home: String) throws(OpenPGPError) {
        do {
            let data = try Data(contentsOf: folder.appending(path: name))
            guard
                FileManager.default.createFile(
                    atPath: "\(home)/\(name)", contents: data, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw OpenPGPError(.key, "the user's key folder cannot be read: \(error.localizedDescription)")
        }
    }

    fileprivate static func copyPublicKeys(from folder: URL, to home: String) throws(OpenPGPError) {
        try copy(publicKeys, from: folder, to: home)
    }

    /// Copies the one secret key that reading files needs.
    ///
    /// The primary key, which could certify and sign, stays out.
    fileprivate static func copySecretKey(
        _ keygrip: String, from folder: URL, to home: String
    ) throws(OpenPGPError) {
        guard mkdir("\(home)/\(secretKeys)", 0o700) == 0 else {
            throw OpenPGPError(.inputOutput, "cannot make a GnuPG home", errno: errno)
        }
        try copy("\(secretKeys)/\(keygrip).key", from: folder, to: home)
    }
}

/// The GnuPG home of one session, gone with it, and what the session can do there.
package final class SessionHome {
    package let cryptor: Cryptor
    /// The folder of the gpg in use.
    package let programFolder: String
    private let directory: RuntimeDirectory

    /// The private folder it is in.
    package var path: String { directory.path }

    /// A home with the public key only: it can encrypt, and nothing in it can decrypt.
    ///
    /// - Parameters:
    ///   - keys: the user's key folder.
    ///   - fingerprint: the user's key.
    ///   - engine: who is to make the messages.
    ///   - patience: seconds that gpg may do nothing.
    package convenience init(
        publicKeysIn keys: URL, fingerprint: String, engine: EngineKind = .gpgme, patience: Int = GnuPG.patience
    ) throws(OpenPGPError) {
        try self.init(keys, fingerprint, unlockedBy: nil, engine, patience)
    }

    /// A home with the secret key for reading files, protected there by a passphrase that only this process knows.
    ///
    /// The key in the user's folder is stretched for half a second with every use, the copy hardly: its passphrase is
    /// random and 256 bits long. So the login pays once.
    ///
    /// - Throws: `.passphrase` when it is the wrong one.
    package convenience init(
        keysIn keys: URL, fingerprint: String, passphrase: SecretBytes, engine: EngineKind = .gpgme,
        patience: Int = GnuPG.patience
    ) throws(OpenPGPError) {
        try self.init(keys, fingerprint, unlockedBy: passphrase, engine, patience)
    }

    private init(
        _ keys: URL, _ fingerprint: String, unlockedBy passphrase: SecretBytes?, _ engine: EngineKind,
        _ patience: Int
    ) throws(OpenPGPError) {
        directory = try RuntimeDirectory()
        let home = directory.path + "/" + RuntimeDirectory.home
        try KeyHome.make(home, agentOptions: ["s2k-count 65536"])
        try KeyHome.copyPublicKeys(from: keys, to: home)
        let gnupg = try GnuPG.use(home: home)
        programFolder = URL(filePath: gnupg.path).resolvingSymlinksInPath().deletingLastPathComponent().path
        guard let passphrase else {
            let key = try RecipientKey(fingerprint: fingerprint)
            cryptor = Cryptor(GnuPGEngine(gnupg, key, passphrase: nil, patience: patience), engine)
            return
        }
        guard let random = SecretBytes.randomHex(32) else { throw OpenPGPError(.engine, "no locked memory left") }
        let key = try RecipientKey(fingerprint: fingerprint)
        try KeyHome.copySecretKey(key.keygrip, from: keys, to: home)
        try SessionHome.rewrap(key, from: passphrase, to: random, patience)
        cryptor = Cryptor(GnuPGEngine(gnupg, key, passphrase: random, patience: patience), engine)
    }

    /// Changes the passphrase of the session's copy.
    ///
    /// The corresponding C function is `gpgme_op_passwd_start`.
    private static func rewrap(
        _ key: RecipientKey, from old: SecretBytes, to new: SecretBytes, _ patience: Int
    ) throws(OpenPGPError) {
        let context = try Context(patience: patience)
        context.answer([old, new])
        let error = try context.run { gpgme_op_passwd_start($0, key.raw, 0) }
        if let error, error.code == GPG_ERR_BAD_PASSPHRASE {
            throw OpenPGPError(.passphrase, "the passphrase does not open the key")
        }
        guard error == nil, context.statusLines.contains("SUCCESS") else {
            throw OpenPGPError(.engine, "the key cannot be opened: \(error?.text ?? "gpg ended early")")
        }
    }
}

private import CGPGME
package import Foundation
package import OpenPGP
private import Platform
package import Secrets

/// GnuPG homes: the ones that keep users' keys, and the ones that sessions use.
///
/// Source: gnupg `doc/gpg-agent.texi` and `doc/gpg.texi` for the options.
package enum KeyHome {
    /// Bytes that the passphrase is stretched over (SHA-1, iterated and salted): half a second on a fast machine.
    ///
    /// gpg's own default is a tenth of that. A finder of the stick who guesses has it cheaper with the hash in
    /// server.conf.
    static let s2kCount = 512 << 20

    static let publicKeys = "pubring.kbx"
    static let revocations = "openpgp-revocs.d"

    /// Makes a key in the home of this process: ed25519 with a cv25519 subkey, which does not expire.
    ///
    /// - Returns: the fingerprint.
    static func create(userID: String, passphrase: SecretBytes) throws(OpenPGPError) -> String {
        let context = try Context(stallTimeout: GnuPG.stallTimeout)
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
        let parts = try ListedKey.all(fingerprint).first?.description.subkeys.count
        guard
            try KeyPackets.exported(fingerprint, .secretKeys(passphrase), stallTimeout: GnuPG.stallTimeout).secretParts
                == parts
        else { throw SecretKeyFile.unreadable }
        return fingerprint
    }

    /// The fingerprint of the key that lies in a user's key directory: of several, the newest that can read files here.
    ///
    /// - Throws: `.key` when there is none.
    package static func fingerprint(in directory: URL) throws(OpenPGPError) -> String {
        let keys = try keys(in: directory)
        let candidates =
            keys.count == 1
            ? keys
            : keys.filter { key in
                guard key.refusal == nil, let encryption = key.encryption else { return false }
                return SecretKeyFile(encryption.keygrip, in: directory).protection == .passphrase
            }
        guard let newest = candidates.max(by: { $0.primary.created < $1.primary.created }) else {
            throw OpenPGPError(.key, "the user's key directory holds \(keys.count) keys, and none that can be taken")
        }
        return newest.fingerprint
    }

    /// The keys that lie in a user's key directory, as far as their public parts tell.
    package static func keys(in directory: URL) throws(OpenPGPError) -> [KeyDescription] {
        let runtime = try RuntimeDirectory()
        let home = runtime.path + "/" + RuntimeDirectory.home
        try make(home, agentOptions: [])
        try copyPublicKeys(from: directory, to: home)
        _ = try GnuPG.use(home: home)
        let keys = try ListedKey.all()
        withExtendedLifetime(runtime) {}
        return keys.map(\.description)
    }

    /// Makes the directory and the two configuration files of a home.
    static func make(_ home: String, agentOptions: [String]) throws(OpenPGPError) {
        // gpg has the path of the system's agent inside.
        let bundledAgent = PortableBundle.current?.program("gpg-agent").map { ["agent-program \($0)"] } ?? []
        let gpg =
            bundledAgent + [
                "no-greeting", "no-permission-warning", "trust-model always", "no-auto-check-trustdb",
                "no-auto-key-locate",
                "disable-dirmngr", "cipher-algo AES256", "compress-algo none",
                // A clock that has lost the time must not make the key one from the future, which nothing is encrypted
                // to.
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

    /// Copies `name` from the user's key directory into a session's home, for this user alone.
    static func copy(_ name: String, from directory: URL, to home: String) throws(OpenPGPError) {
        do {
            let data = try Data(contentsOf: directory.appending(path: name))
            guard
                FileManager.default.createFile(
                    atPath: "\(home)/\(name)", contents: data, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw OpenPGPError(.key, "the user's key directory cannot be read: \(error.localizedDescription)")
        }
    }

    static func copyPublicKeys(from directory: URL, to home: String) throws(OpenPGPError) {
        try copy(publicKeys, from: directory, to: home)
    }

    /// Does something in a home with its secret keys out of gpg's way; those that come meanwhile are added to them.
    static func aside(in home: URL, _ body: () throws(OpenPGPError) -> Void) throws(OpenPGPError) {
        let directory = home.appending(path: SecretKeyFile.directory)
        let others = home.appending(path: "aside")
        mkdir(others.path, 0o700)
        move(from: directory, to: others)
        defer { move(from: others, to: directory) }
        try body()
    }

    private static func move(from directory: URL, to other: URL) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [] {
            rename(directory.appending(path: name).path, other.appending(path: name).path)
        }
    }

    /// Copies one secret key.
    static func copySecretKey(_ keygrip: String, from directory: URL, to home: String) throws(OpenPGPError) {
        guard mkdir("\(home)/\(SecretKeyFile.directory)", 0o700) == 0 || errno == EEXIST else {
            throw OpenPGPError(.inputOutput, "cannot make a GnuPG home", errno: errno)
        }
        try copy("\(SecretKeyFile.directory)/\(keygrip).key", from: directory, to: home)
    }
}

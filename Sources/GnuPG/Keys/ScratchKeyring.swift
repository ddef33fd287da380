private import CGPGME
package import Foundation
package import OpenPGP
private import Platform
package import Secrets

/// A copy of a user's whole key directory in a place where GnuPG can work, to change the keys and bring them back.
///
/// Nothing is changed in the directory itself before one of the `publish` functions is called.
package final class ScratchKeyring {
    private let runtime: RuntimeDirectory
    private let home: URL
    /// What the user's directory had when it was copied.
    private var published: [String: Data] = [:]

    /// - Parameter directory: the user's key directory; nil begins with no keys.
    package init(keysIn directory: URL?) throws(OpenPGPError) {
        runtime = try RuntimeDirectory()
        home = URL(filePath: runtime.path).appending(path: RuntimeDirectory.home)
        try KeyHome.make(home.path, agentOptions: ["s2k-count \(KeyHome.s2kCount)"])
        if let directory {
            try KeyHome.copyPublicKeys(from: directory, to: home.path)
            for name in ScratchKeyring.secretKeys(in: directory) {
                try KeyHome.copySecretKey(String(name.dropLast(4)), from: directory, to: home.path)
            }
            published = contents()
        }
    }

    /// The copy, which is a key directory as the user's is.
    package var directory: URL { home }

    /// All keys.
    package func keys() throws(OpenPGPError) -> [KeyDescription] { try listed().map(\.description) }

    /// All keys, with this home as that of the process: there may be others.
    private func listed() throws(OpenPGPError) -> [ListedKey] {
        _ = try GnuPG.use(home: home.path)
        return try ListedKey.all()
    }

    /// Whether the secret part of a subkey is here and can be used.
    package func hasSecret(_ subkey: KeyDescription.Subkey) -> Bool {
        SecretKeyFile(subkey.keygrip, in: home).isUsable
    }

    private static func secretKeys(in directory: URL) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: directory.appending(path: SecretKeyFile.directory).path)
        return (names ?? []).filter { $0.hasSuffix(".key") && !$0.hasPrefix(".") }.sorted()
    }

    // MARK: Passphrases

    /// What became of the passphrase of one secret key.
    package enum PassphraseChange: Sendable, Equatable {
        case changed
        /// It was the new one already: an earlier change was interrupted.
        case wasNew
        /// Neither opens it.
        case refused
        /// There is none here to be changed.
        case absent
    }

    /// Changes the passphrase of every secret key that the old one opens.
    ///
    /// - Returns: what became of each, by keygrip.
    package func changePassphrase(
        from old: SecretBytes, to new: SecretBytes
    ) throws(OpenPGPError) -> [String: PassphraseChange] {
        var changes: [String: PassphraseChange] = [:]
        for key in try listed() {
            for subkey in key.description.subkeys where changes[subkey.keygrip] == nil {
                changes[subkey.keygrip] = try rewrap(subkey.keygrip, of: key, from: old, to: new)
            }
        }
        return changes
    }

    private func rewrap(
        _ keygrip: String, of key: ListedKey, from old: SecretBytes, to new: SecretBytes
    ) throws(OpenPGPError) -> PassphraseChange {
        let file = SecretKeyFile(keygrip, in: home)
        guard let protection = file.protection, protection != .elsewhere else { return .absent }
        var change = PassphraseChange.refused
        try alone(keygrip) { file throws(OpenPGPError) in
            for (passphrase, outcome) in [(old, PassphraseChange.changed), (new, .wasNew)] where change == .refused {
                do throws(OpenPGPError) {
                    try file.rewrap(of: key.raw, from: passphrase, to: new, stallTimeout: GnuPG.stallTimeout)
                    change = outcome
                } catch  where error.code == .passphrase {
                    continue
                }
            }
        }
        return change
    }

    // MARK: New keys

    /// Adds a subkey for encryption to a key; from then on files are encrypted to it.
    ///
    /// - Returns: the new subkey.
    package func addSubkey(
        to fingerprint: String, passphrase: SecretBytes
    ) throws(OpenPGPError) -> KeyDescription.Subkey {
        let key = try listed(fingerprint)
        let known = Set(key.description.subkeys.map(\.fingerprint))
        let newest = key.description.subkeys.map(\.created).max() ?? 0
        // gpg takes the newest subkey, and of two made in one second the first.
        guard newest < time(nil) + 5 else {
            throw OpenPGPError(.key, "this machine's clock is behind the key's creation: set it right first")
        }
        while newest >= time(nil) { usleep(100_000) }
        let context = try Context(stallTimeout: GnuPG.stallTimeout)
        context.answer([passphrase])
        let flags = UInt32(GPGME_CREATE_ENCR) | UInt32(GPGME_CREATE_NOEXPIRE)
        let error = try context.run { gpgme_op_createsubkey_start($0, key.raw, "cv25519", 0, 0, flags) }
        try ScratchKeyring.check(error, "gpg cannot make a subkey")
        let changed = try listed(fingerprint).description
        guard let encryption = changed.encryption, !known.contains(encryption.fingerprint), hasSecret(encryption) else {
            throw OpenPGPError(.engine, "gpg ended before it had made the subkey")
        }
        try alone(encryption.keygrip) { file throws(OpenPGPError) in
            guard try file.opens(of: key.raw, with: passphrase) else { throw SecretKeyFile.unreadable }
        }
        return encryption
    }

    /// Does something with one secret key, without the others: gpg takes whatever it finds.
    private func alone(
        _ keygrip: String, _ body: (SecretKeyFile) throws(OpenPGPError) -> Void
    ) throws(OpenPGPError) {
        let file = SecretKeyFile(keygrip, in: home)
        try KeyHome.aside(in: home) { () throws(OpenPGPError) in
            rename(home.appending(path: "aside/\(keygrip).key").path, file.file.path)
            try body(file)
        }
    }

    /// Adds a new key, as ``NewKey`` is one.
    package func addKey(userID: String, passphrase: SecretBytes) throws(OpenPGPError) -> KeyDescription {
        _ = try GnuPG.use(home: home.path)
        let fingerprint = try KeyHome.create(userID: userID, passphrase: passphrase)
        return try listed(fingerprint).description
    }

    /// Adds the keys in `data`, binary or armoured.
    package func add(keysIn data: Data) throws(OpenPGPError) {
        _ = try GnuPG.use(home: home.path)
        var rest = data[...]
        let source = try DataObject.reading(sensitive: true) { buffer in
            let count = min(buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
        let context = try Context(stallTimeout: GnuPG.stallTimeout)
        let error = try withExtendedLifetime(source) { () throws(OpenPGPError) in
            try context.run { gpgme_op_import_start($0, source.raw) }
        }
        guard error == nil, let result = gpgme_op_import_result(context.raw), result.pointee.considered > 0 else {
            throw OpenPGPError(.key, "there is no OpenPGP key in the file")
        }
    }

    /// Takes one key and its secret parts from another workshop.
    package func add(_ key: KeyDescription, from other: ScratchKeyring) throws(OpenPGPError) {
        try add(keysIn: try other.export(.publicKeys, of: [key.fingerprint], passphrase: nil))
        for subkey in key.subkeys where SecretKeyFile(subkey.keygrip, in: other.home).protection != nil {
            try KeyHome.copySecretKey(subkey.keygrip, from: other.home, to: home.path)
        }
    }

    // MARK: Export

    package enum Part {
        case publicKeys
        case secretKeys
    }

    /// Keys as an armoured text.
    ///
    /// - Parameter passphrase: opens the secret keys, which have it in the text, too.
    package func export(
        _ part: Part, of fingerprints: [String], passphrase: SecretBytes?
    ) throws(OpenPGPError) -> Data {
        // Before there is a context, which takes the home that it finds.
        let keys = try fingerprints.map { (fingerprint: String) throws(OpenPGPError) in try listed(fingerprint) }
        var text = Data()
        let sink = try DataObject.writing(sensitive: true) { bytes in
            text.append(contentsOf: bytes)
            return true
        }
        let context = try Context(stallTimeout: GnuPG.stallTimeout)
        gpgme_set_armor(context.raw, 1)
        context.answer([passphrase].compactMap(\.self))
        var list = keys.map { Optional($0.raw) } + [nil]
        let mode = part == .secretKeys ? gpgme_export_mode_t(GPGME_EXPORT_MODE_SECRET) : 0
        let error = try withExtendedLifetime((sink, keys)) { () throws(OpenPGPError) in
            try context.run { gpgme_op_export_keys_start($0, &list, mode, sink.raw) }
        }
        try ScratchKeyring.check(error, "gpg cannot export the key")
        // gpg says nothing of a key that it has left out because the passphrase is wrong.
        guard !text.isEmpty else { throw OpenPGPError(.passphrase, "the passphrase does not open the key") }
        return text
    }

    private func listed(_ fingerprint: String) throws(OpenPGPError) -> ListedKey {
        guard let key = try listed().first(where: { $0.description.fingerprint == fingerprint }) else {
            throw OpenPGPError(.key, "the key \(fingerprint) is not in the user's key directory")
        }
        return key
    }

    private static func check(_ error: GPGMEError?, _ what: String) throws(OpenPGPError) {
        guard let error else { return }
        if error.code == GPG_ERR_BAD_PASSPHRASE {
            throw OpenPGPError(.passphrase, "the passphrase does not open the key")
        }
        throw OpenPGPError(.engine, "\(what): \(error.text)")
    }
}

/// Bringing back what was changed.
extension ScratchKeyring {
    /// Brings secret keys and revocation certificates to the user's directory: nothing refers to new ones yet.
    ///
    /// - Parameter last: keygrips that are brought last, one after the other.
    package func publishSecretKeys(to directory: URL, last: [String] = []) throws(OpenPGPError) {
        let names = contents().keys.filter { $0 != KeyHome.publicKeys }.sorted()
        let isLast = { (name: String) in last.contains { name.contains($0) } }
        try publish(names.filter { !isLast($0) } + names.filter(isLast), to: directory)
    }

    /// Brings the public keys to the user's directory: from the moment that this is done, they are in use.
    package func publishPublicKeys(to directory: URL) throws(OpenPGPError) {
        try publish([KeyHome.publicKeys], to: directory)
    }

    private func publish(_ names: [String], to directory: URL) throws(OpenPGPError) {
        let files = FileManager.default
        let now = contents()
        do {
            for part in [SecretKeyFile.directory, KeyHome.revocations].map({ directory.appending(path: $0) }) {
                try files.createDirectory(
                    at: part, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                DurableFile.sweep(part)
            }
            DurableFile.sweep(directory)
            for name in names {
                guard let data = now[name], data != published[name] else { continue }
                try DurableFile.replace(directory.appending(path: name), with: data)
                published[name] = data
            }
            try DurableFile.synchronize(directory: directory)
        } catch {
            throw OpenPGPError(.inputOutput, "cannot keep the key in \(directory.path): \(error.localizedDescription)")
        }
    }

    /// What of the home is worth keeping.
    fileprivate func contents() -> [String: Data] {
        var found: [String: Data] = [:]
        var names =
            [KeyHome.publicKeys] + ScratchKeyring.secretKeys(in: home).map { "\(SecretKeyFile.directory)/\($0)" }
        let revocations = try? FileManager.default.contentsOfDirectory(
            atPath: home.appending(path: KeyHome.revocations).path)
        names += (revocations ?? []).filter { $0.hasSuffix(".rev") }.map { "\(KeyHome.revocations)/\($0)" }
        for name in names { found[name] = try? Data(contentsOf: home.appending(path: name)) }
        return found
    }
}

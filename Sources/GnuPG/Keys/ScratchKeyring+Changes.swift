private import CGPGME
package import Foundation
package import OpenPGP
package import Secrets

/// Changes of the keys.
extension ScratchKeyring {
    /// What became of the passphrase of one secret key.
    package enum PassphraseChange: Sendable, Equatable {
        case changed
        /// It was the new one already: an earlier change was interrupted.
        case wasNew
        /// Neither the old nor the new passphrase opens the key.
        case refused
        /// The key has no passphrase, and that is not what the caller expects.
        case unprotected
        /// The secret is not here.
        case absent
    }

    /// Changes the passphrase of every secret key that the old one opens.
    ///
    /// - Parameters:
    ///   - old: opens the keys now.
    ///   - new: opens them afterwards.
    ///   - takesUnprotected: whether keys without a passphrase get the new one.
    /// - Returns: what became of each, by keygrip.
    package func changePassphrase(
        from old: SecretBytes, to new: SecretBytes, takesUnprotected: Bool = false
    ) throws(OpenPGPError) -> [String: PassphraseChange] {
        var changes: [String: PassphraseChange] = [:]
        for key in try home.listKeys() {
            for subkey in key.description.subkeys where changes[subkey.keygrip] == nil {
                changes[subkey.keygrip] = try changePassphrase(
                    of: subkey.keygrip, in: key, from: old, to: new, takesUnprotected)
            }
        }
        return changes
    }

    private func changePassphrase(
        of keygrip: String, in key: ListedKey, from old: SecretBytes, to new: SecretBytes, _ takesUnprotected: Bool
    ) throws(OpenPGPError) -> PassphraseChange {
        switch SecretKeyFile(keygrip, in: directory).protection {
        case nil, .onCard: return .absent
        case .unprotected where !takesUnprotected: return .unprotected
        case .unprotected, .passphrase: break
        }
        var change = PassphraseChange.refused
        try home.withOtherSecretKeysHidden(than: keygrip) { () throws(OpenPGPError) in
            for (passphrase, outcome) in [(old, PassphraseChange.changed), (new, .wasNew)] where change == .refused {
                do throws(OpenPGPError) {
                    try home.changePassphrase(
                        of: keygrip, in: key, from: passphrase, to: new, takesUnprotected: takesUnprotected)
                    change = outcome
                } catch  where error.code == .passphrase {
                    continue
                }
            }
        }
        return change
    }

    /// Adds a subkey for encryption to a key; from then on files are encrypted to it.
    ///
    /// The corresponding C function is `gpgme_op_createsubkey_start`.
    ///
    /// - Returns: the new subkey.
    package func addSubkey(
        to fingerprint: String, passphrase: SecretBytes
    ) throws(OpenPGPError) -> KeyDescription.Subkey {
        let key = try home.key(fingerprint)
        let known = Set(key.description.subkeys.map(\.fingerprint))
        try waitUntilNewer(than: key.description)
        let context = try GnuPGContext(home, stallTimeout: GnuPGProgram.stallTimeout)
        context.setPassphrases([passphrase])
        let flags = UInt32(GPGME_CREATE_ENCR) | UInt32(GPGME_CREATE_NOEXPIRE)
        let error = try context.run { gpgme_op_createsubkey_start($0, key.raw, "cv25519", 0, 0, flags) }
        if let error { throw OpenPGPError(error, "gpg cannot make a subkey") }
        guard let encryption = try home.key(fingerprint).description.encryption,
            !known.contains(encryption.fingerprint), hasSecret(encryption)
        else { throw OpenPGPError(.engine, "gpg ended before it had made the subkey") }
        try home.withOtherSecretKeysHidden(than: encryption.keygrip) { () throws(OpenPGPError) in
            guard try home.opens(encryption.keygrip, of: key, with: passphrase) else { throw SecretKeyFile.unreadable }
        }
        return encryption
    }

    /// Waits until a new subkey has a later creation time than all others.
    ///
    /// gpg encrypts to the newest subkey, and of two made in the same second to the first.
    private func waitUntilNewer(than key: KeyDescription) throws(OpenPGPError) {
        let newest = key.subkeys.map(\.created).max() ?? 0
        guard newest < time(nil) + 5 else {
            throw OpenPGPError(.key, "this machine's clock is behind the key's creation: set it right first")
        }
        while newest >= time(nil) { usleep(100_000) }
    }

    /// Adds a new key of the same kind as ``NewKey``.
    package func addKey(userID: String, passphrase: SecretBytes) throws(OpenPGPError) -> KeyDescription {
        try home.createKey(userID: userID, passphrase: passphrase).key
    }

    /// Adds the keys in `data`, binary or in ASCII armor.
    ///
    /// The corresponding C function is `gpgme_op_import_start`.
    package func add(keysIn data: Data) throws(OpenPGPError) {
        let context = try GnuPGContext(home, stallTimeout: GnuPGProgram.stallTimeout)
        var rest = data[...]
        let source = try DataObject.reading(sensitive: true) { buffer in
            let count = min(buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
        let error = try withExtendedLifetime(source) { () throws(OpenPGPError) in
            try context.run { gpgme_op_import_start($0, source.raw) }
        }
        guard error == nil, let result = gpgme_op_import_result(context.raw), result.pointee.considered > 0 else {
            throw OpenPGPError(.key, "there is no OpenPGP key in the file")
        }
    }

    /// Adds a key of another keyring, with its secret parts.
    package func add(_ key: KeyDescription, from other: ScratchKeyring) throws(OpenPGPError) {
        try add(keysIn: try other.export(.publicKeys, of: [key.fingerprint]))
        for subkey in key.subkeys where SecretKeyFile(subkey.keygrip, in: other.directory).protection != nil {
            try home.copySecretKey(subkey.keygrip, from: other.directory)
        }
    }
}

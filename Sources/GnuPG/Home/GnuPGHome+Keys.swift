internal import CGPGME
private import Glibc
internal import OpenPGP
internal import Secrets

/// Keys in a home: listed, made and exported.
extension GnuPGHome {
    /// The most bytes of an exported key.
    private static let longestExport = 1 << 24

    /// Lists all public keys, or all that a pattern of gpg's finds, such as a fingerprint.
    ///
    /// The corresponding C functions are `gpgme_op_keylist_start` and `gpgme_op_keylist_next`.
    func listKeys(_ pattern: String? = nil) throws(OpenPGPError) -> [ListedKey] {
        let context = try GnuPGContext(self, stallTimeout: GnuPGProgram.stallTimeout)
        gpgme_set_keylist_mode(
            context.raw, gpgme_keylist_mode_t(GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_KEYGRIP))
        try GPGMEError.check(gpgme_op_keylist_start(context.raw, pattern, 0), "gpg cannot list keys")
        var keys: [ListedKey] = []
        var key: gpgme_key_t?
        while gpgme_op_keylist_next(context.raw, &key) == 0, let found = key {
            if let listed = ListedKey(found) { keys.append(listed) }
        }
        return keys
    }

    /// Finds one public key.
    ///
    /// - Throws: `.key` when it is not there.
    func key(_ fingerprint: String) throws(OpenPGPError) -> ListedKey {
        // Not with `gpgme_get_key`, whose own context would start `gpg --version` again.
        guard let key = try listKeys(fingerprint).first else { throw .missingKey(fingerprint) }
        return key
    }

    /// Makes a key: ed25519 with a cv25519 subkey, without an expiry date.
    ///
    /// The corresponding C function is `gpgme_op_createkey_start`.
    ///
    /// - Returns: the key, and its secret parts as gpg exports them, protected by the same passphrase.
    func createKey(
        userID: String, passphrase: SecretBytes
    ) throws(OpenPGPError) -> (key: KeyDescription, packets: KeyPackets) {
        let context = try GnuPGContext(self, stallTimeout: GnuPGProgram.stallTimeout)
        context.setPassphrases([passphrase])
        let flags = UInt32(GPGME_CREATE_NOEXPIRE) | UInt32(GPGME_CREATE_FORCE)
        let error = try context.run {
            gpgme_op_createkey_start($0, userID, "future-default", 0, 0, nil, flags)
        }
        if let error { throw OpenPGPError(.engine, "gpg cannot make a key: \(error.text)") }
        guard let result = gpgme_op_genkey_result(context.raw), let fingerprint = result.pointee.fpr else {
            throw OpenPGPError(.engine, "gpg ended before it had made the key")
        }
        let key = try key(String(cString: fingerprint))
        let packets = try exportPackets(.secretKeys(passphrase), of: key)
        guard packets.secretParts == key.description.subkeys.count else { throw SecretKeyFile.unreadable }
        return (key.description, packets)
    }

    /// Exports parts of keys.
    ///
    /// A secret key that the passphrase does not open is no error: gpg leaves it out.
    ///
    /// The corresponding C function is `gpgme_op_export_ext_start`; `gpgme_op_export_keys_start` refuses secret
    /// subkeys.
    ///
    /// - Parameters:
    ///   - armored: whether the export is a text in ASCII armor.
    ///   - stallTimeout: how long gpg may do nothing.
    /// - Throws: `.passphrase` when gpg says that the passphrase is wrong.
    func export(
        _ part: KeyPart, of keys: [ListedKey], armored: Bool, stallTimeout: Duration = GnuPGProgram.stallTimeout
    ) throws(OpenPGPError) -> [UInt8] {
        let context = try GnuPGContext(self, stallTimeout: stallTimeout)
        gpgme_set_armor(context.raw, armored ? 1 : 0)
        context.setPassphrases([part.passphrase].compactMap(\.self))
        var exported: [UInt8] = []
        let sink = try DataObject.writing(sensitive: true) { bytes in
            guard exported.count + bytes.count <= GnuPGHome.longestExport else {
                errno = EFBIG
                return false
            }
            exported += bytes
            return true
        }
        let fingerprints = keys.map { strdup($0.description.fingerprint) }
        defer { fingerprints.forEach { free($0) } }
        var patterns = fingerprints.map { UnsafePointer<CChar>($0) } + [nil]
        let error = try withExtendedLifetime(sink) { () throws(OpenPGPError) in
            try context.run { gpgme_op_export_ext_start($0, &patterns, part.mode, sink.raw) }
        }
        if let error { throw OpenPGPError(error, "gpg cannot export the key") }
        return exported
    }

    /// Exports parts of one key, cut into packets.
    func exportPackets(
        _ part: KeyPart, of key: ListedKey, stallTimeout: Duration = GnuPGProgram.stallTimeout
    ) throws(OpenPGPError) -> KeyPackets {
        let exported = try export(part, of: [key], armored: false, stallTimeout: stallTimeout)
        guard let packets = KeyPackets(exported) else { throw OpenPGPError(.engine, "gpg exported no whole key") }
        return packets
    }
}

extension OpenPGPError {
    /// A key that server.conf or a command names is not there.
    static func missingKey(_ fingerprint: String) -> OpenPGPError {
        OpenPGPError(.key, "the key \(fingerprint) is not in the user's key directory")
    }
}

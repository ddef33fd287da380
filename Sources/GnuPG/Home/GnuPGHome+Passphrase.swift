internal import CGPGME
private import Foundation
internal import OpenPGP
internal import Secrets

/// The passphrases of secret keys in a home.
///
/// gpg works on all secret parts of a key that it finds. So these functions want a home in which the part in question
/// is the only secret key: see ``withOtherSecretKeysHidden(than:_:)``.
extension GnuPGHome {
    /// Changes the passphrase of one secret key.
    ///
    /// gpg reports only the result of a key's last part, which may not be here. So the key's file tells whether the
    /// change was made. That the new file can be read is tested, because gpg-agent writes one in about 5,000 that
    /// nothing opens any more (2.2.40: it breaks the line at a blank of a random number).
    ///
    /// The corresponding C function is `gpgme_op_passwd_start`.
    ///
    /// - Parameters:
    ///   - keygrip: the secret key.
    ///   - key: the key that it is a part of.
    ///   - takesUnprotected: whether the secret key may have no passphrase so far. Only where a person names a key of
    ///     their own: a key in use that any passphrase opens is somebody else's.
    ///   - stallTimeout: how long gpg may do nothing.
    /// - Returns: the part, as gpg then exports it.
    /// - Throws: `.passphrase` when the old one is wrong; `.key` when there is no old one.
    @discardableResult
    func changePassphrase(
        of keygrip: String, in key: ListedKey, from old: SecretBytes, to new: SecretBytes,
        takesUnprotected: Bool = false, stallTimeout: Duration = GnuPGProgram.stallTimeout
    ) throws(OpenPGPError) -> KeyPackets {
        let file = SecretKeyFile(keygrip, in: url)
        let before = file.contents
        let isUnprotected = file.protection == .unprotected
        guard !isUnprotected || takesUnprotected else { throw OpenPGPError.unprotectedKey }
        for _ in 1...3 {
            try change(file, in: key, isUnprotected ? [new] : [old, new], stallTimeout)
            let exported = try exportPackets(part(keygrip, of: key, new), of: key, stallTimeout: stallTimeout)
            if exported.secretParts > 0 { return exported }
            do { try before?.write(to: file.url) } catch { break }
        }
        throw SecretKeyFile.unreadable
    }

    /// Whether the passphrase opens one secret key.
    ///
    /// - Parameters:
    ///   - keygrip: the secret key.
    ///   - key: the key that it is a part of.
    func opens(_ keygrip: String, of key: ListedKey, with passphrase: SecretBytes) throws(OpenPGPError) -> Bool {
        try exportPackets(part(keygrip, of: key, passphrase), of: key).secretParts > 0
    }

    private func part(_ keygrip: String, of key: ListedKey, _ passphrase: SecretBytes) -> KeyPart {
        keygrip == key.description.primary.keygrip ? .secretKeys(passphrase) : .secretSubkeys(passphrase)
    }

    /// - Parameter passphrases: what gpg is to be given: the old passphrase, if there is one, and the new one.
    private func change(
        _ file: SecretKeyFile, in key: ListedKey, _ passphrases: [SecretBytes], _ stallTimeout: Duration
    ) throws(OpenPGPError) {
        let before = file.contents
        let context = try GnuPGContext(self, stallTimeout: stallTimeout)
        context.setPassphrases(passphrases)
        let error = try context.run { gpgme_op_passwd_start($0, key.raw, 0) }
        guard let after = file.contents else {
            throw OpenPGPError(.key, "the user's key directory has no such secret key")
        }
        guard after == before else {
            // Whatever the file seemed to say: what opens without the old passphrase is protected by none.
            guard context.passphraseRequests >= passphrases.count else { throw OpenPGPError.unprotectedKey }
            return
        }
        switch error?.code {
        case GPG_ERR_BAD_PASSPHRASE, GPG_ERR_NO_SECKEY, GPG_ERR_NOT_FOUND:
            throw OpenPGPError(.passphrase, "the passphrase does not open the key")
        default: throw OpenPGPError(.engine, "the key cannot be opened: \(error?.text ?? "gpg ended early")")
        }
    }
}

internal import CGPGME
internal import Foundation
internal import OpenPGP
internal import Secrets

/// One file of `private-keys-v1.d`: a secret key as gpg-agent keeps it.
///
/// Source: gnupg `agent/keyformat.txt`.
struct SecretKeyFile {
    /// The directory of all such files in a home.
    static let directory = "private-keys-v1.d"

    /// How the secret is kept.
    enum Protection {
        case passphrase
        case unprotected
        /// It is not here: the file says on which card it is.
        case elsewhere
    }

    let file: URL

    init(_ keygrip: String, in home: URL) {
        file = home.appending(path: SecretKeyFile.directory).appending(path: "\(keygrip).key")
    }

    /// Nil when there is no such file.
    var protection: Protection? {
        guard let data = try? Data(contentsOf: file) else { return nil }
        if data.range(of: Data("shadowed-private-key".utf8)) != nil { return .elsewhere }
        let isProtected = ["protected-private-key", "openpgp-private-key"].contains {
            data.range(of: Data($0.utf8)) != nil
        }
        return isProtected ? .passphrase : .unprotected
    }

    /// Whether the secret is here, and can be used by who knows the passphrase.
    var isUsable: Bool { protection == .passphrase || protection == .unprotected }

    /// Changes the passphrase, in a home of this process in which this is the only secret key.
    ///
    /// gpg changes the passphrases of all parts of a key, and what it says in the end is about the last of them, which
    /// may not be here. So it is the file that tells whether it was done; and that it can be read is tried, because
    /// gpg-agent writes one in some 5,000 that nothing opens any more (2.2.40: it breaks the line at a blank of a
    /// random number).
    ///
    /// - Parameters:
    ///   - key: the key that it is a part of.
    ///   - stallTimeout: how long gpg may do nothing.
    /// - Returns: what gpg then exports of it.
    /// - Throws: `.passphrase` when the old one is wrong.
    ///
    /// The corresponding C function is `gpgme_op_passwd_start`.
    @discardableResult
    func rewrap(
        of key: gpgme_key_t, from old: SecretBytes, to new: SecretBytes, stallTimeout: Duration
    ) throws(OpenPGPError) -> KeyPackets {
        let before = try? Data(contentsOf: file)
        for _ in 1...3 {
            try changePassphrase(of: key, from: old, to: new, stallTimeout: stallTimeout)
            let exported = try KeyPackets.exported(fingerprint(of: key), part(of: key, new), stallTimeout: stallTimeout)
            if exported.secretParts > 0 { return exported }
            do { try before?.write(to: file) } catch { break }
        }
        throw SecretKeyFile.unreadable
    }

    static let unreadable = OpenPGPError(
        .engine, "gpg has written the key so that nothing opens it, which happens, but seldom: try again")

    /// Whether the passphrase opens it, in a home of this process in which this is the only secret key.
    func opens(of key: gpgme_key_t, with passphrase: SecretBytes) throws(OpenPGPError) -> Bool {
        try KeyPackets.exported(fingerprint(of: key), part(of: key, passphrase), stallTimeout: GnuPG.stallTimeout)
            .secretParts
            > 0
    }

    private func fingerprint(of key: gpgme_key_t) -> String { key.pointee.fpr.map { String(cString: $0) } ?? "" }

    /// What of the key this is.
    private func part(of key: gpgme_key_t, _ passphrase: SecretBytes) -> KeyPackets.Part {
        let primary = key.pointee.subkeys?.pointee.keygrip.map { String(cString: $0) }
        return file.lastPathComponent == primary.map { "\($0).key" }
            ? .secretKeys(passphrase) : .secretSubkeys(passphrase)
    }

    private func changePassphrase(
        of key: gpgme_key_t, from old: SecretBytes, to new: SecretBytes, stallTimeout: Duration
    ) throws(OpenPGPError) {
        let before = try? Data(contentsOf: file)
        let context = try Context(stallTimeout: stallTimeout)
        context.answer(protection == .unprotected ? [new] : [old, new])
        let error = try context.run { gpgme_op_passwd_start($0, key, 0) }
        guard let after = try? Data(contentsOf: file) else {
            throw OpenPGPError(.key, "the user's key directory has no such secret key")
        }
        guard after == before else { return }
        switch error?.code {
        case GPG_ERR_BAD_PASSPHRASE, GPG_ERR_NO_SECKEY, GPG_ERR_NOT_FOUND:
            throw OpenPGPError(.passphrase, "the passphrase does not open the key")
        default: throw OpenPGPError(.engine, "the key cannot be opened: \(error?.text ?? "gpg ended early")")
        }
    }
}

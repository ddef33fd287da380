private import CGPGME
internal import OpenPGP
internal import Secrets

extension SessionKey {
    /// Has gpg decrypt the session key of a message, but not the contents.
    ///
    /// gpg is given the PKESK packets and a short packet made of the first bytes of the data: it reports the session
    /// key before it notices that the message is not whole.
    ///
    /// - Parameters:
    ///   - beginning: see ``EncryptedMessage/beginning()``.
    ///   - passphrase: opens the secret key in the home.
    ///   - stallTimeout: how long gpg may do nothing.
    /// - Returns: nil when the message's cipher is not AES.
    static func unwrap(
        _ beginning: [UInt8], _ passphrase: SecretBytes, in home: GnuPGHome, stallTimeout: Duration
    ) throws(OpenPGPError) -> SessionKey? {
        let context = try GnuPGContext(home, stallTimeout: stallTimeout)
        context.setPassphrases([passphrase])
        gpgme_set_ctx_flag(context.raw, "export-session-key", "1")
        var start = beginning[...]
        let cipher = try DataObject.reading(sensitive: false) { buffer in
            let count = min(buffer.count, start.count)
            buffer.copyBytes(from: start.prefix(count))
            start = start.dropFirst(count)
            return count
        }
        let plain = try DataObject.writing(sensitive: true) { _ in true }
        let error = try withExtendedLifetime((cipher, plain)) { () throws(OpenPGPError) in
            try context.run { gpgme_op_decrypt_start($0, cipher.raw, plain.raw) }
        }
        guard let result = gpgme_op_decrypt_result(context.raw), let text = result.pointee.session_key else {
            throw error.map { DecryptionTransfer.explain($0, context.statusLines) }
                ?? OpenPGPError(.engine, "gpg ended before it had unwrapped the file's session key")
        }
        return SessionKey(gnupg: text)
    }
}

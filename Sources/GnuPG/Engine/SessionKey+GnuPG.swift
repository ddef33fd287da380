private import CGPGME
internal import OpenPGP
internal import Secrets

extension SessionKey {
    /// Lets gpg unwrap the session key of `message`, without decrypting its contents.
    ///
    /// gpg is given the session key packets and a short packet made of the first bytes of the data: it tells the
    /// session key before it finds out that this is not the whole message.
    ///
    /// - Returns: nil when the message is encrypted with something else than AES.
    static func unwrap(
        _ message: EncryptedMessage, _ passphrase: SecretBytes, stallTimeout: Duration
    ) throws(OpenPGPError) -> SessionKey? {
        let context = try Context(stallTimeout: stallTimeout)
        context.answer([passphrase])
        gpgme_set_ctx_flag(context.raw, "export-session-key", "1")
        defer { gpgme_set_ctx_flag(context.raw, "export-session-key", "0") }
        var start = try message.beginning()[...]
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
            throw error.map { GnuPGDecryption.explain($0, context.statusLines) }
                ?? OpenPGPError(.engine, "gpg ended before it had unwrapped the file's session key")
        }
        return SessionKey(gnupg: text)
    }
}

private import CGPGME
private import CGcrypt
private import Glibc
internal import Secrets

/// The key that one message is encrypted with, in locked memory.
package struct SessionKey: Sendable {
    private let key: SecretBytes

    /// Reads what gpg prints: the algorithm's number, a colon, and the key in hexadecimal digits.
    ///
    /// The digits go straight into locked memory; gpgme's own copy is beyond our reach and goes with its context.
    ///
    /// - Returns: nil for algorithms other than AES. Source of the numbers: RFC 4880, section 9.2.
    private init?(_ text: UnsafePointer<CChar>) {
        let sizes: [UInt8: Int] = [UInt8(ascii: "7"): 16, UInt8(ascii: "8"): 24, UInt8(ascii: "9"): 32]
        let digits = UnsafeRawBufferPointer(start: text, count: strlen(text))
        guard digits.count > 2, digits[1] == UInt8(ascii: ":"), let size = sizes[digits[0]],
            digits.count == 2 + 2 * size
        else { return nil }
        func value(_ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: Character(UnicodeScalar(digits[2 + index])).hexDigitValue ?? 0)
        }
        let key = SecretBytes(count: size) { bytes in
            for index in bytes.indices { bytes[index] = value(2 * index) << 4 | value(2 * index + 1) }
        }
        guard let key else { return nil }
        self.key = key
    }

    /// Lets gpg unwrap the session key of `message`, without decrypting its contents.
    ///
    /// gpg is given the session key packets and a short packet made of the first octets of the data: it tells the session
    /// key before it finds out that this is not the whole message.
    ///
    /// - Returns: nil when the message is encrypted with something else than AES.
    static func unwrap(_ message: StoredMessage, _ passphrase: SecretBytes) throws(OpenPGPError) -> SessionKey? {
        let context = try Context()
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
            throw OpenPGPError(
                error?.code == GPG_ERR_NO_SECKEY ? .key : .message,
                "the file's session key cannot be unwrapped: \(error?.text ?? "gpg did not tell it")")
        }
        return SessionKey(text)
    }

    /// Decrypts part of an encrypted-data packet.
    ///
    /// Cipher feedback needs only the block before: the first octets need not be read.
    ///
    /// - Parameters:
    ///   - cipher: the octets from a multiple of 16 on.
    ///   - before: the 16 octets of cipher text before those; zeros at the start.
    ///
    /// Source: RFC 4880, section 5.13; the C functions are `gcry_cipher_setiv` and `gcry_cipher_decrypt`.
    func decrypt(_ cipher: [UInt8], after before: [UInt8]) throws(OpenPGPError) -> [UInt8] {
        var handle: gcry_cipher_hd_t?
        guard Gcrypt.ready,
            gcry_cipher_open(&handle, algorithm, Int32(GCRY_CIPHER_MODE_CFB.rawValue), 0) == 0, let handle
        else { throw OpenPGPError(.engine, "libgcrypt has no AES") }
        defer { gcry_cipher_close(handle) }
        var plain = cipher
        let result = key.withUnsafeBytes { gcry_cipher_setkey(handle, $0.baseAddress, $0.count) }
        guard result == 0, gcry_cipher_setiv(handle, before, before.count) == 0,
            gcry_cipher_decrypt(handle, &plain, plain.count, nil, 0) == 0
        else { throw OpenPGPError(.engine, "libgcrypt cannot decrypt") }
        return plain
    }

    private var algorithm: Int32 {
        switch key.count {
        case 16: Int32(GCRY_CIPHER_AES.rawValue)
        case 24: Int32(GCRY_CIPHER_AES192.rawValue)
        default: Int32(GCRY_CIPHER_AES256.rawValue)
        }
    }
}

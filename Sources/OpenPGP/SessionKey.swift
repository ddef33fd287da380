private import CGPGME
private import Glibc
package import Secrets

/// The key that one message is encrypted with, in locked memory.
package struct SessionKey: Sendable {
    let octets: SecretBytes

    /// How OpenPGP numbers AES, and how long its keys are.
    ///
    /// Source: RFC 4880, section 9.2.
    static let sizes: [UInt8: Int] = [7: 16, 8: 24, 9: 32]

    /// The number of the cipher it is for.
    var algorithm: UInt8 { UInt8(5 + octets.count / 8) }

    /// A key that is known already.
    ///
    /// - Parameter octets: 16, 24 or 32.
    package init(octets: SecretBytes) {
        self.octets = octets
    }

    /// Reads what gpg prints: the algorithm's number, a colon, and the key in hexadecimal digits.
    ///
    /// The digits go straight into locked memory; gpgme's own copy is beyond our reach and goes with its context.
    ///
    /// - Returns: nil for algorithms other than AES.
    private init?(_ text: UnsafePointer<CChar>) {
        let digits = UnsafeRawBufferPointer(start: text, count: strlen(text))
        guard digits.count > 2, digits[1] == UInt8(ascii: ":"), let size = Self.sizes[digits[0] &- UInt8(ascii: "0")],
            digits.count == 2 + 2 * size
        else { return nil }
        func value(_ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: Character(UnicodeScalar(digits[2 + index])).hexDigitValue ?? 0)
        }
        let key = SecretBytes(count: size) { bytes in
            for index in bytes.indices { bytes[index] = value(2 * index) << 4 | value(2 * index + 1) }
        }
        guard let key else { return nil }
        octets = key
    }

    /// Lets gpg unwrap the session key of `message`, without decrypting its contents.
    ///
    /// gpg is given the session key packets and a short packet made of the first octets of the data: it tells the session
    /// key before it finds out that this is not the whole message.
    ///
    /// - Returns: nil when the message is encrypted with something else than AES.
    static func unwrap(
        _ message: StoredMessage, _ passphrase: SecretBytes, patience: Int
    ) throws(OpenPGPError) -> SessionKey? {
        let context = try Context(patience: patience)
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
        return SessionKey(text)
    }
}

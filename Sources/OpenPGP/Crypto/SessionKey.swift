private import Glibc
package import Secrets

/// The session key of one message, for AES, in locked memory.
package struct SessionKey: Sendable {
    package let bytes: SecretBytes

    /// Key sizes in bytes by OpenPGP's numbers for AES.
    ///
    /// Source: RFC 4880, section 9.2.
    static let sizes: [UInt8: Int] = [7: 16, 8: 24, 9: 32]

    /// The number of the cipher that the key is for.
    var algorithm: UInt8 { UInt8(5 + bytes.count / 8) }

    /// Takes a key that is known already.
    ///
    /// - Parameter bytes: 16, 24 or 32.
    package init(bytes: SecretBytes) {
        self.bytes = bytes
    }

    /// Reads a session key as gpg prints it: the algorithm's number, a colon, and the key in hexadecimal digits.
    ///
    /// The digits are decoded straight into locked memory. gpgme's own copy is out of our reach; its context frees it.
    ///
    /// - Returns: nil for algorithms other than AES.
    package init?(gnupg text: UnsafePointer<CChar>) {
        let digits = UnsafeRawBufferPointer(start: text, count: strlen(text))
        guard digits.count > 2, digits[1] == UInt8(ascii: ":"), let size = Self.sizes[digits[0] &- UInt8(ascii: "0")],
            digits.count == 2 + 2 * size
        else { return nil }
        func value(_ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: Character(UnicodeScalar(digits[2 + index])).hexDigitValue ?? 0)
        }
        let key = SecretBytes(count: size) { key in
            for index in key.indices { key[index] = value(2 * index) << 4 | value(2 * index + 1) }
        }
        guard let key else { return nil }
        bytes = key
    }
}

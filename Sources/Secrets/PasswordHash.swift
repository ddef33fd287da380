private import CSodium

/// An Argon2id password hash as server.conf stores it: parameters, salt and hash in one printable string.
///
/// The C functions are `crypto_pwhash_str` and `crypto_pwhash_str_verify`.
package struct PasswordHash: Sendable, Equatable {
    /// The string, for example `$argon2id$v=19$m=32768,t=4,p=1$…`.
    package let text: String

    private static let passes: UInt64 = 4
    /// Bytes of memory, which each session process needs once, at the login.
    private static let memory = 32 << 20

    /// Takes a stored hash.
    ///
    /// - Returns: nil for a string that is not an Argon2id hash.
    package init?(text: String) {
        // -1 means that the string cannot be parsed; 1, that its parameters differ from these, which is allowed.
        guard Sodium.ready, text.hasPrefix("$argon2id$"), text.utf8.count < Int(crypto_pwhash_STRBYTES),
            crypto_pwhash_str_needs_rehash(text, PasswordHash.passes, PasswordHash.memory) != -1
        else { return nil }
        self.text = text
    }

    /// Hashes `password` with 32 MiB and four passes, some 50 ms.
    ///
    /// - Returns: nil when there is no memory left.
    package init?(hashing password: SecretBytes) {
        guard Sodium.ready else { return nil }
        var output = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        let hashed = password.withUnsafeCharacters { characters, count in
            crypto_pwhash_str(
                &output, characters, count, PasswordHash.passes, PasswordHash.memory) == 0
        }
        guard hashed else { return nil }
        text = String(decoding: output.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Compares a password with the one that was hashed, in a time that does not depend on the result.
    package func verify(_ password: SecretBytes) -> Bool {
        guard Sodium.ready else { return false }
        return password.withUnsafeCharacters { crypto_pwhash_str_verify(text, $0, $1) == 0 }
    }

    /// A hash that no password matches, of the same cost as others: the login of an unknown user is checked against it.
    package static let unmatchable = PasswordHash(
        // The hash is not that of any known password. That it is all zeros does not change the time.
        text: "$argon2id$v=19$m=32768,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

extension SecretBytes {
    /// Lends the bytes as C characters.
    fileprivate func withUnsafeCharacters(_ body: (UnsafePointer<CChar>, UInt64) -> Bool) -> Bool {
        withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { body($0, UInt64(characters.count)) } ?? false
            }
        }
    }
}

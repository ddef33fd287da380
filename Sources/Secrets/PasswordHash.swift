private import CSodium

/// A password as server.conf stores it: argon2id with its parameters and salt in one printable string.
///
/// The corresponding C functions are `crypto_pwhash_str` and `crypto_pwhash_str_verify`.
package struct PasswordHash: Sendable, Equatable {
    /// For example `$argon2id$v=19$m=32768,t=4,p=1$…`.
    package let text: String

    private static let passes: UInt64 = 4
    /// Bytes; every session process needs them once, while it logs in.
    private static let memory = 32 << 20

    /// Takes a stored hash.
    ///
    /// - Returns: nil for a string that is not an argon2id hash.
    package init?(text: String) {
        // -1 means that it cannot be read; that it has other parameters than a new one would have is no matter.
        guard Sodium.ready, text.hasPrefix("$argon2id$"), text.utf8.count < Int(crypto_pwhash_STRBYTES),
            crypto_pwhash_str_needs_rehash(text, PasswordHash.passes, PasswordHash.memory) != -1
        else { return nil }
        self.text = text
    }

    /// Hashes `password` with 32 MiB and four passes, some 50 ms.
    ///
    /// - Returns: nil when the memory cannot be had.
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

    /// Whether `password` is the one that was hashed.
    ///
    /// Takes the same time whether it is or not.
    package func verify(_ password: SecretBytes) -> Bool {
        guard Sodium.ready else { return false }
        return password.withUnsafeCharacters { crypto_pwhash_str_verify(text, $0, $1) == 0 }
    }

    /// A hash that nothing matches, of the same cost: what a login of an unknown user is compared with.
    package static let unmatchable = PasswordHash(
        // The hash part is not that of any known password; that it is all zeros makes no difference to the time.
        text: "$argon2id$v=19$m=32768,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

extension SecretBytes {
    /// Lends the bytes as the characters that the hash functions take.
    fileprivate func withUnsafeCharacters(_ body: (UnsafePointer<CChar>, UInt64) -> Bool) -> Bool {
        withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { body($0, UInt64(characters.count)) } ?? false
            }
        }
    }
}

package import Secrets

/// One `[[user]]` of server.conf.
package struct Account: Sendable, Equatable {
    package enum Access: String, Sendable {
        /// The passphrase opens the plaintext; there is no other login but by public key, which sees cipher text.
        case rw
        /// Anybody may put files in; the passphrase opens the plaintext here, too.
        case wo
    }

    package let name: String
    package var access: Access
    /// The directory below the data directory, `.` for the data directory itself.
    package var home: String
    /// The fingerprint of the key that files are encrypted to.
    package var key: String
    /// The hash of the owner's passphrase.
    ///
    /// Without one, the key itself decides, which takes longer.
    package var password: PasswordHash?
    /// What a write-only login has to give; nil lets any password in.
    package let woPassword: PasswordHash?
    /// Whether a write-only login sees other people's files in listings.
    package var woListsAll: Bool
    /// Keys that log in to the write-only view, as `authorized_keys` has them.
    package var authorizedKeys: [String]

    /// Whether a name can be a user's: it becomes a directory's name and is printed in logs.
    package static func isValid(name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else { return false }
        return name.utf8.count <= 64
            && name.utf8.allSatisfy {
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8.contains($0)
            }
    }
}

package import Secrets

/// One `[[user]]` of server.conf.
package struct Account: Sendable, Equatable {
    package enum Access: String, Sendable {
        /// The passphrase opens the plaintext. The only other login is by public key, which sees ciphertext.
        case rw
        /// The passphrase opens the plaintext, and write-only logins may upload.
        case wo
    }

    /// How the owner's passphrase is checked at login.
    package enum OwnerCheck: Sendable, Equatable {
        /// Against a hash, in some 50 ms.
        case hash(PasswordHash)
        /// By opening the user's OpenPGP key with it, which takes longer.
        case key
    }

    /// What a write-only login has to give.
    package enum WriteOnlyCheck: Sendable, Equatable {
        /// The password of this hash.
        case hash(PasswordHash)
        /// Any password.
        case anything
    }

    package let name: String
    package var access: Access
    /// The directory below the data directory, `.` for the data directory itself.
    package var home: String
    /// The fingerprint of the key that files are encrypted to.
    package var key: String
    /// The setting `password`; without it the key decides.
    package var ownerCheck: OwnerCheck
    /// The setting `wo_password`; without it any password will do.
    package let writeOnlyCheck: WriteOnlyCheck
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

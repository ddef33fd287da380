private import SSHTransport
package import Secrets

/// A user of the server: one `[[user]]` of server.conf.
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

    /// The check of a password for the write-only view.
    package enum WriteOnlyCheck: Sendable, Equatable {
        /// The password of this hash.
        case hash(PasswordHash)
        /// Any password.
        case anything
    }

    package enum OnExists: String, CaseIterable, Sendable {
        /// It takes the name, and the older file stays beside it under a name with its own time.
        case keep
        /// It fails.
        case refuse
    }

    /// The setting `max_depth` where there is none.
    package static let standardDepth = 32

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
    /// What an upload does, in a login by public key, when there is a file of that name already.
    package var onExists = OnExists.keep
    /// Mebibytes that the home may hold before logins that are not the owner's can add no more; nil without a limit.
    package var maxMegabytes: Int?
    /// Files and directories that it may hold before; nil without a limit.
    package var maxFiles: Int?
    /// The most names that a path may have in such a login.
    package var maxDepth = Account.standardDepth
    /// The setting `shared`: the home may lie in another user's, hold another user's, or be the same.
    package var isShared = false
    /// The public keys that log in to the write-only view, as lines of OpenSSH's `authorized_keys` without options.
    package var authorizedKeys: [String]

    /// The first setting with a value that it cannot have, and the reason; nil for a valid account.
    package var firstInvalidSetting: (setting: String, reason: String)? {
        guard Account.isValid(name: name) else { return ("name", Account.nameRule) }
        guard Account.isValid(home: home) else { return ("home", Account.homeRule) }
        guard key.utf8.count == 40, key.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            return ("key", "must be a key's fingerprint of 40 hexadecimal digits")
        }
        for line in authorizedKeys where PublicKey(line: line) == nil {
            return ("authorized_keys", "has an unsupported key, or one with options: '\(line.prefix(40))…'")
        }
        return nil
    }

    /// The values that `max_megabytes` can have, up to an exbibyte.
    package static let megabytes = 1...1_000_000_000_000
    /// The values that `max_files` can have.
    package static let files = 1...1_000_000_000_000
    /// The values that `max_depth` can have.
    package static let depths = 1...1000

    package static let nameRule = "must be 1 to 64 letters, digits and . _ -, and not begin with . or -"

    package static let homeRule =
        "must be a directory below the data directory, without quotes, backslashes and control characters, and without "
        + "names that begin with .cryptsftp-"

    /// How the names begin that the server uses itself in the data directory: what it finds there, it may remove.
    private static let reserved = ".cryptsftp-"

    /// Whether `home` names a directory below the data directory, or `.` for that directory itself.
    package static func isValid(home: String) -> Bool {
        let isPlain = home.utf8.allSatisfy {
            $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        let parts = home.split(separator: "/", omittingEmptySubsequences: false)
        let isReserved = parts.contains { $0.lowercased().hasPrefix(reserved) }
        return isPlain && !isReserved && (home == "." || !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." })
    }

    package init(
        name: String, access: Access, home: String, key: String, ownerCheck: OwnerCheck, writeOnlyCheck: WriteOnlyCheck,
        authorizedKeys: [String]
    ) {
        self.name = name
        self.access = access
        self.home = home
        self.key = key
        self.ownerCheck = ownerCheck
        self.writeOnlyCheck = writeOnlyCheck
        self.authorizedKeys = authorizedKeys
    }

    /// Whether `name` can be a user's: it becomes a directory's name and is printed in logs.
    package static func isValid(name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else { return false }
        return name.utf8.count <= 64
            && name.utf8.allSatisfy {
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8.contains($0)
            }
    }
}

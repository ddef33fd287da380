package import Foundation
package import OpenPGP
internal import SSHTransport
internal import Secrets

/// A server.conf that has been read and found good.
package struct Configuration: Sendable {
    /// Where the file is; what it names is relative to its folder.
    package let file: URL
    /// The text it was read from: sessions get it from the listener, so that all see the same.
    let text: String
    package var listen: ListenAddress
    package let data: URL
    /// Whether stored names are to suit FAT, exFAT and NTFS wherever they are, so that the folder can be copied there.
    package let portableNames: Bool
    /// Who is to make and read messages.
    package let engine: EngineKind
    package let limits: ServerLimits
    package let accounts: [Account]

    package var folder: URL { file.deletingLastPathComponent() }
    package var hostKeys: URL { folder.appending(path: "hostkeys") }
    package func keyFolder(of user: String) -> URL { folder.appending(path: "keys").appending(path: user) }

    package func account(named name: String) -> Account? { accounts.first { $0.name == name } }
}

/// One `[[user]]` of server.conf.
package struct Account: Sendable, Equatable {
    package enum Access: String, Sendable {
        /// The passphrase opens the plaintext; there is no other login but by public key, which sees cipher text.
        case rw
        /// Anybody may put files in; the passphrase opens the plaintext here, too.
        case wo
    }

    package let name: String
    package internal(set) var access: Access
    /// The folder below the data folder, `.` for the data folder itself.
    package internal(set) var home: String
    /// The fingerprint of the key that files are encrypted to.
    package internal(set) var key: String
    /// The hash of the owner's passphrase.
    ///
    /// Without one, the key itself decides, which takes longer.
    var password: PasswordHash?
    /// What a write-only login has to give; nil lets any password in.
    let woPassword: PasswordHash?
    /// Whether a write-only login sees other people's files in listings.
    package internal(set) var woListsAll: Bool
    /// Keys that log in to the write-only view, as `authorized_keys` has them.
    package internal(set) var authorizedKeys: [String]

    /// Whether a name can be a user's: it becomes a folder's name and is printed in logs.
    package static func isValid(name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else { return false }
        return name.utf8.count <= 64
            && name.utf8.allSatisfy {
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8.contains($0)
            }
    }
}

/// What `listen` and `--listen` say.
package struct ListenAddress: Sendable, Equatable {
    package let host: String
    package let port: UInt16

    package static let standard = ListenAddress(host: "127.0.0.1", port: 2200)

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `ADDRESS:PORT`; an IPv6 address stands in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }
}

/// The `[limits]` of server.conf.
///
/// Source of the defaults: OpenSSH's, where it has the same limit.
package struct ServerLimits: Sendable, Equatable {
    /// Seconds from the connection to a finished login.
    package var loginSeconds = 30
    /// Failed tries to log in on one connection.
    package var loginTries = 6
    /// Connections that have not logged in yet.
    package var unauthenticated = 10
    package var sessions = 64
    /// Connections from one address.
    package var sessionsPerAddress = 16
    /// Seconds after which a session ends that has asked for nothing.
    package var idleSeconds = 900
    /// Seconds that a client may take nothing of what it is sent, and that gpg may do nothing.
    package var stalledSeconds = 120
    /// Mebibytes on the disk that one session's files may take while they are changed in place.
    package var spoolMegabytes = 4096
    /// Mebibytes up to which a stored file is verified when it is opened; a larger one is streamed.
    package var verifyMegabytes = 128

    package init() {}
}

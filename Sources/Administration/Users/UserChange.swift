package import Foundation
private import Platform
private import SSHTransport
package import Secrets
package import ServerConfiguration

/// `user set`: changes of a user's settings in server.conf; nil leaves a setting as it is.
package struct UserChange {
    package var access: Account.Access?
    package var home: String?
    package var limits = UploadLimits()
    /// Whether the home may lie in another user's, hold another user's, or be the same.
    package var isShared: Bool?
    /// All keys that log in to the write-only view; an empty list removes the setting.
    package var authorizedKeys: [String]?

    package init() {}

    /// What became of a change.
    package struct Outcome: Sendable, Equatable {
        /// Whether the settings were others before.
        package let isChanged: Bool
        /// Whether the user's passphrase has confirmed all that server.conf now says of the user.
        package let isConfirmed: Bool
    }

    /// Makes the changes in the server.conf `file`, and makes the home directory if there is none.
    ///
    /// A running server uses the new settings from the next connection on; open sessions keep the old ones.
    ///
    /// - Parameters:
    ///   - name: the user.
    ///   - file: a server.conf.
    ///   - passphrase: confirms the changes; nil leaves them unconfirmed.
    ///   - warn: gets what is not as the passphrase has confirmed it.
    /// - Throws: ``UserError`` when there is no such user, or the home meets another user's; ``OpenPGP/OpenPGPError``,
    ///   with `.passphrase` when it is the wrong one; ``ServerConfiguration/ConfigurationError`` for a value that a
    ///   setting cannot have. Then nothing was changed.
    package func apply(
        to name: String, in file: URL, passphrase: SecretBytes?, warn: (String) -> Void
    ) throws -> Outcome {
        try ConfigurationLock.withUser(name, in: file) { before, old in
            let key = try passphrase.map { try before.open(old, with: $0, warn: warn) }
            let configuration = try ConfigurationFile.change(
                file, user: name, by: { try edit(&$0) }, check: { try prepare($0, name, old) })
            if let key { try configuration.renew(name, key, from: before) }
            return try Outcome(
                isChanged: configuration.user(name) != old, isConfirmed: isConfirmed(name, in: configuration))
        }
    }

    /// Makes the home, without which a login would fail.
    private func prepare(_ configuration: Configuration, _ name: String, _ old: Account) throws {
        let new = try configuration.user(name)
        guard new != old else { return }
        if new.home != old.home || (old.isShared && !new.isShared) {
            try configuration.requireOwnHome(new.home, of: name, isShared: new.isShared)
        }
        try FileManager.default.createDirectory(
            at: configuration.directory(of: new), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    private func isConfirmed(_ name: String, in configuration: Configuration) -> Bool {
        AccountConfirmation.hasSettings(of: name, in: configuration)
    }

    private func edit(_ lines: inout ConfigurationEditor) throws {
        if let access { try lines.set("access", to: .string(access.rawValue)) }
        if let home { try lines.set("home", to: .string(home)) }
        try limits.apply(to: &lines)
        if let isShared, isShared {
            try lines.set("shared", to: .boolean(true))
        } else if isShared == false {
            try lines.remove("shared")
        }
        if let authorizedKeys, authorizedKeys.isEmpty {
            try lines.remove("authorized_keys")
        } else if let authorizedKeys {
            try lines.set("authorized_keys", to: .strings(authorizedKeys))
        }
    }

    /// Reads a file of public SSH keys, one per line, as `ssh-keygen` writes them.
    ///
    /// - Returns: its lines without comments and empty ones.
    /// - Throws: ``UserError`` when a line is no supported key, or has options before it.
    package static func publicKeys(in file: URL) throws -> [String] {
        guard let bytes = try? RegularFile.readNamed(file.path),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw UserError(description: "\(file.path) cannot be read, or is no text") }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !lines.isEmpty, lines.allSatisfy({ PublicKey(line: $0) != nil }) else {
            throw UserError(
                description: "\(file.path) is not a file of public SSH keys: one per line, without options")
        }
        return lines
    }
}

package import Foundation
private import SSHTransport
package import ServerConfiguration

/// `user set`: changes of a user's settings in server.conf; nil leaves a setting as it is.
package struct UserChange {
    package var access: Account.Access?
    package var home: String?
    package var limits = UploadLimits()
    /// All keys that log in to the write-only view; an empty list removes the setting.
    package var authorizedKeys: [String]?

    package init() {}

    /// Makes the changes in the server.conf `file`, and makes the home directory if there is none.
    ///
    /// A running server uses the new settings from the next connection on; open sessions keep the old ones.
    ///
    /// - Returns: whether the settings were others before.
    /// - Throws: ``UserError`` when there is no such user; ``ServerConfiguration/ConfigurationError`` for a value that
    ///   a setting cannot have.
    package func apply(to name: String, in file: URL) throws -> Bool {
        try ConfigurationLock.withUser(name, in: file) { _, old in
            let configuration = try ConfigurationFile.change(file, user: name) { try edit(&$0) }
            let new = try configuration.user(name)
            guard new != old else { return false }
            // A login to a home that does not exist would fail.
            try FileManager.default.createDirectory(
                at: configuration.directory(of: new), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            return true
        }
    }

    private func edit(_ lines: inout ConfigurationEditor) throws {
        if let access { try lines.set("access", to: .string(access.rawValue)) }
        if let home { try lines.set("home", to: .string(home)) }
        try limits.apply(to: &lines)
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
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw UserError(description: "\(file.path) cannot be read")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !lines.isEmpty, lines.allSatisfy({ PublicKey(line: $0) != nil }) else {
            throw UserError(
                description: "\(file.path) is not a file of public SSH keys: one per line, without options")
        }
        return lines
    }
}

package import Foundation
private import Platform
private import SSHTransport
package import ServerConfiguration

/// `user set`: what is to be changed of a user's lines in server.conf; nil leaves it as it is.
package struct UserChange {
    package var access: Account.Access?
    package var home: String?
    package var woListsAll: Bool?
    /// All keys that log in to the write-only view; none takes the line away.
    package var authorizedKeys: [String]?

    package init() {}

    /// Makes the changes in the server.conf `file`, and in it nothing else.
    ///
    /// A running server takes them with the next connection; sessions that are open go on as they began.
    ///
    /// - Returns: whether anything was to be changed.
    package func apply(to name: String, in file: URL) throws -> Bool {
        let lock = try DirectoryLock(file.deletingLastPathComponent())
        defer { withExtendedLifetime(lock) {} }
        let configuration = try Configuration(file: file)
        let index = try configuration.index(of: name)
        var accounts = configuration.accounts
        if let access { accounts[index].access = access }
        if let home { accounts[index].home = home }
        if let woListsAll { accounts[index].woListsAll = woListsAll }
        if let authorizedKeys { accounts[index].authorizedKeys = authorizedKeys }
        guard accounts != configuration.accounts else { return false }
        let new = try ConfigurationFile.change(configuration, to: accounts) { lines in
            if let access { lines.set("access", to: TOMLValue.string(access.rawValue), ofUser: index) }
            if let home { lines.set("home", to: TOMLValue.string(home), ofUser: index) }
            if let woListsAll { lines.set("wo_list", to: woListsAll ? "\"all\"" : "\"own\"", ofUser: index) }
            if let authorizedKeys, authorizedKeys.isEmpty {
                lines.unset("authorized_keys", ofUser: index)
            } else if let authorizedKeys {
                let values = authorizedKeys.map { TOMLValue.string($0) }.joined(separator: ", ")
                lines.set("authorized_keys", to: "[\(values)]", ofUser: index)
            }
        }
        // A login to a home that is not there would fail.
        try FileManager.default.createDirectory(
            at: new.directory(of: new.accounts[index]), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return true
    }

    /// The lines of a file of public keys, as `ssh-keygen` makes them.
    package static func publicKeys(in file: URL) throws -> [String] {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw UserError(description: "\(file.path) cannot be read")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !lines.isEmpty, lines.allSatisfy({ PublicKey(line: $0) != nil }) else {
            throw UserError(description: "\(file.path) is not a file of public SSH keys, a line each, without options")
        }
        return lines
    }
}

package import Foundation
internal import ServerConfiguration

/// `user remove`.
package enum UserRemoval {
    /// Takes a user's lines out of the server.conf `file`, and touches nothing else: files and key stay where they are.
    ///
    /// - Returns: where these are.
    package static func remove(_ name: String, from file: URL) throws -> (files: URL, keys: URL) {
        let lock = try DirectoryLock(file.deletingLastPathComponent())
        defer { withExtendedLifetime(lock) {} }
        let configuration = try Configuration(file: file)
        let index = try configuration.index(of: name)
        var accounts = configuration.accounts
        let account = accounts.remove(at: index)
        try ConfigurationFile.change(configuration, to: accounts) { $0.removeUser(index) }
        return (configuration.directory(of: account), configuration.keyDirectory(of: name))
    }
}

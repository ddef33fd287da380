package import Foundation
internal import ServerConfiguration

/// `user remove`: takes a user out of server.conf.
package enum UserRemoval {
    /// Removes a user's lines from the server.conf `file`, and nothing else: the files and the key stay.
    ///
    /// - Returns: where the files and the key are.
    /// - Throws: ``UserError`` when there is no such user.
    package static func remove(_ name: String, from file: URL) throws -> (files: URL, keys: URL) {
        try ConfigurationLock.withUser(name, in: file) { configuration, account in
            try ConfigurationFile.change(file, user: name) { try $0.removeUser() }
            return (configuration.directory(of: account), configuration.keyDirectory(of: name))
        }
    }
}

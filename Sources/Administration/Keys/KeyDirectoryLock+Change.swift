internal import Foundation
internal import GnuPG

extension KeyDirectoryLock {
    /// Runs `body`, which changes a user's keys, while no session uses them.
    ///
    /// - Parameters:
    ///   - keys: the user's key directory.
    ///   - user: the user's name, for the error.
    ///   - body: may be empty, to find out early whether somebody is logged in.
    /// - Throws: ``UserError`` with `.inUse` when somebody is logged in as the user.
    static func whileUnused<R>(_ keys: URL, of user: String, _ body: () throws -> R) throws -> R {
        guard let lock = try KeyDirectoryLock.exclusive(keys) else {
            throw UserError(
                .inUse,
                description: "somebody is logged in as \(user), and could not read files with a new key: end these "
                    + "sessions, or stop the server, and try again")
        }
        return try withExtendedLifetime(lock, body)
    }
}

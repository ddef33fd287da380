internal import Foundation
private import Platform
internal import ServerConfiguration

/// The advisory lock that keeps two commands from changing one server.conf, or the key directories beside it, at once.
///
/// It is a ``Platform/FileLock`` on the directory with the server.conf.
enum ConfigurationLock {
    /// Runs `body` while the lock of the server.conf `file` is held; waits for it first.
    static func withLock<R>(of file: URL, _ body: () throws -> R) throws -> R {
        let directory = file.deletingLastPathComponent()
        let lock: FileLock
        do throws(SystemError) {
            lock = try FileLock(.exclusive, directory: directory)
        } catch {
            throw UserError(description: "the directory \(directory.path) cannot be opened: \(error)")
        }
        return try lock.withLock(body)
    }

    /// Reads server.conf and runs `body` for one of its users, while the lock is held.
    ///
    /// - Throws: ``UserError`` when there is no such user.
    static func withUser<R>(
        _ name: String, in file: URL, _ body: (Configuration, Account) throws -> R
    ) throws -> R {
        try withLock(of: file) {
            let configuration = try Configuration(file: file)
            return try body(configuration, configuration.user(name))
        }
    }
}

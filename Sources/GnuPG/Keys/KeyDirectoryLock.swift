package import Foundation
package import OpenPGP
private import Platform

/// An advisory lock on a user's key directory: shared by sessions, exclusive for a change of the keys.
///
/// The lock is on the file of public keys, which every session may open. See ``FileLock`` for file systems without
/// locks.
package final class KeyDirectoryLock {
    private let lock: FileLock

    private init(_ lock: FileLock) {
        self.lock = lock
    }

    /// Locks the keys as they are for as long as the object lives.
    ///
    /// Waits while they are being changed, which takes a moment.
    static func shared(_ directory: URL) throws(OpenPGPError) -> KeyDirectoryLock {
        while true {
            let file = try open(directory)
            let lock = FileLock(.shared, on: file)
            if isCurrent(file, in: directory) { return KeyDirectoryLock(lock) }
        }
    }

    /// Locks the keys against everybody else for as long as the object lives.
    ///
    /// - Returns: nil when somebody else has a lock.
    package static func exclusive(_ directory: URL) throws(OpenPGPError) -> KeyDirectoryLock? {
        while true {
            let file = try open(directory)
            guard let lock = FileLock(.exclusive, ifFreeOn: file) else { return nil }
            if isCurrent(file, in: directory) { return KeyDirectoryLock(lock) }
        }
    }

    private static func publicKeys(_ directory: URL) -> String {
        directory.appending(path: KeyDirectory.publicKeys).path
    }

    private static func open(_ directory: URL) throws(OpenPGPError) -> OwnedDescriptor {
        do throws(RegularFile.Failure) {
            return try RegularFile.open(publicKeys(directory))
        } catch {
            throw OpenPGPError(
                .key, "\(KeyDirectory.publicKeys) of the user's key directory cannot be read: \(error)",
                errno: error.number)
        }
    }

    /// Whether the open file is still the one in the directory: a change replaces the file, and a lock on the old one
    /// locks nothing.
    private static func isCurrent(_ file: OwnedDescriptor, in directory: URL) -> Bool {
        var named = stat()
        guard let opened = try? file.status(), stat(publicKeys(directory), &named) == 0 else { return false }
        return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }
}

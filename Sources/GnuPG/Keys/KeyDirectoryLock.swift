package import Foundation
package import OpenPGP

/// Tells commands that change a user's key that somebody works with it as it is.
///
/// It is a lock on the file of public keys, which a session cannot do harm with. The C function is `flock`; a file
/// system that has no locks goes on without.
package final class KeyDirectoryLock {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Holds the key as it is now for as long as the object lives; many may do so.
    ///
    /// Waits while it is being changed, which takes a moment.
    static func shared(_ directory: URL) throws(OpenPGPError) -> KeyDirectoryLock { try take(directory, LOCK_SH) }

    /// Holds it alone.
    ///
    /// - Returns: nil when somebody else holds it.
    package static func exclusive(_ directory: URL) throws(OpenPGPError) -> KeyDirectoryLock? {
        do throws(OpenPGPError) {
            return try take(directory, LOCK_EX | LOCK_NB)
        } catch  where error.errno == EWOULDBLOCK {
            return nil
        }
    }

    private static func take(_ directory: URL, _ operation: Int32) throws(OpenPGPError) -> KeyDirectoryLock {
        let path = directory.appending(path: KeyHome.publicKeys).path
        while true {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw OpenPGPError(.key, "the user's key directory cannot be read", errno: errno)
            }
            let lock = KeyDirectoryLock(descriptor)
            var result = flock(descriptor, operation)
            while result != 0 && errno == EINTR { result = flock(descriptor, operation) }
            if result != 0, errno == EWOULDBLOCK { throw OpenPGPError(.key, "the key is in use", errno: errno) }
            // A change gives the file a new inode: who waited for the old one begins anew.
            var opened = stat()
            var named = stat()
            guard fstat(descriptor, &opened) == 0, stat(path, &named) == 0 else { continue }
            if opened.st_ino == named.st_ino && opened.st_dev == named.st_dev { return lock }
        }
    }
}

package import Foundation

/// An advisory lock on an open file or directory, held until this object goes.
///
/// The C function is `flock`. A file system without locks counts as one that always grants them: then nothing keeps two
/// programs apart, and nothing else would.
package final class FileLock {
    package enum Mode {
        /// Many may hold it.
        case shared
        case exclusive

        fileprivate var operation: Int32 { self == .shared ? LOCK_SH : LOCK_EX }
    }

    private let descriptor: OwnedDescriptor
    /// False on a file system without locks.
    package private(set) var isHeld = true

    /// Waits for the lock.
    package init(_ mode: Mode, on descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
        while flock(descriptor.raw, mode.operation) != 0 {
            guard errno == EINTR else {
                isHeld = false
                return
            }
        }
    }

    /// Takes the lock if it is free.
    ///
    /// - Returns: nil when another open file holds it.
    package init?(_ mode: Mode, ifFreeOn descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
        while flock(descriptor.raw, mode.operation | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return nil }
            guard errno == EINTR else {
                isHeld = false
                return
            }
        }
    }

    /// Waits for the lock on a directory.
    package convenience init(_ mode: Mode, directory: URL) throws(SystemError) {
        self.init(mode, on: try OwnedDescriptor(path: directory.path, O_RDONLY | O_DIRECTORY))
    }

    /// Takes the lock on a directory if it is free.
    ///
    /// - Returns: nil when another open file holds it.
    package convenience init?(_ mode: Mode, ifFreeDirectory directory: URL) throws(SystemError) {
        self.init(mode, ifFreeOn: try OwnedDescriptor(path: directory.path, O_RDONLY | O_DIRECTORY))
    }

    deinit {
        // The descriptor may be kept by others, and the lock would be, with it.
        flock(descriptor.raw, LOCK_UN)
    }

    /// Runs `body` while the lock is held.
    package func withLock<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body()
    }
}

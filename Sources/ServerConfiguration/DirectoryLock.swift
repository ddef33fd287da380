package import Foundation

/// Keeps two commands from changing one server.conf, and the key directories beside it, at once.
///
/// The C function is `flock`; the lock ends with this object, or with the process.
package final class DirectoryLock {
    private let descriptor: Int32

    private init(opening directory: URL) throws {
        descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UserError(description: "\(directory.path) cannot be opened") }
    }

    /// Waits for who has it.
    package convenience init(_ directory: URL) throws {
        try self.init(opening: directory)
        while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
    }

    /// - Returns: nil when somebody has it.
    package convenience init?(unlessHeld directory: URL) throws {
        try self.init(opening: directory)
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK { return nil }
    }

    deinit {
        close(descriptor)
    }
}

package import Foundation

/// Keeps two commands from changing one server.conf, and the key folders beside it, at once.
///
/// The C function is `flock`; the lock ends with this object, or with the process.
package final class FolderLock {
    private let descriptor: Int32

    private init(opening folder: URL) throws {
        descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Refusal(description: "\(folder.path) cannot be opened") }
    }

    /// Waits for who has it.
    package convenience init(_ folder: URL) throws {
        try self.init(opening: folder)
        while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
    }

    /// - Returns: nil when somebody has it.
    package convenience init?(unlessHeld folder: URL) throws {
        try self.init(opening: folder)
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK { return nil }
    }

    deinit {
        close(descriptor)
    }
}

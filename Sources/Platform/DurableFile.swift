package import Foundation

/// Files that are replaced as a whole.
package enum DurableFile {
    /// How the name of the new version ends, until it has the old one's.
    private static let suffix = ".new"

    /// Gives `path` new contents.
    ///
    /// All or nothing: the new version takes the name of the old one, and its permissions, once it is on the disk.
    package static func replace(_ path: URL, with contents: Data) throws {
        let draft = path.deletingLastPathComponent().appending(path: ".\(path.lastPathComponent)\(suffix)")
        var status = stat()
        let mode = stat(path.path, &status) == 0 ? status.st_mode & 0o777 : 0o600
        unlink(draft.path)
        let descriptor = open(draft.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let isWritten =
            contents.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == contents.count
            && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(draft.path, path.path) == 0 else {
            let reason = errno
            unlink(draft.path)
            throw POSIXError(POSIXErrorCode(rawValue: reason) ?? .EIO)
        }
        synchronize(path.deletingLastPathComponent())
    }

    /// Removes what a replacement has left in `directory` that was interrupted.
    package static func sweep(_ directory: URL) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        where name.hasPrefix(".") && name.hasSuffix(suffix) {
            unlink(directory.appending(path: name).path)
        }
    }

    /// Writes a directory's names to the disk.
    package static func synchronize(_ directory: URL) {
        let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

private import CLinux
package import Foundation

/// Files that are replaced as a whole, and are on the disk when the call returns.
package enum DurableFile {
    /// How the name of the new version ends, until it has the old one's.
    private static let suffix = ".new"

    /// Gives `path` new contents.
    ///
    /// All or nothing: the new version takes the name of the old one, and its permissions, once it is on the disk. A
    /// new file can be read by this user alone.
    ///
    /// - Throws: ``SystemError``. After an error of the last step, the directory's fsync, the new version has the name
    ///   and may not be on the disk.
    package static func replace(_ path: URL, with contents: Data) throws(SystemError) {
        try contents.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try replace(path, with: bytes) }
        }.get()
    }

    /// Gives `path` new contents, as ``replace(_:with:)-(_,Data)`` does.
    package static func replace(_ path: URL, with contents: UnsafeRawBufferPointer) throws(SystemError) {
        var status = stat()
        let mode = stat(path.path, &status) == 0 ? status.st_mode & 0o777 : 0o600
        try write(contents, mode: mode, for: path) { draft in rename(draft, path.path) }
    }

    /// Makes a file that this user alone can read, all or nothing.
    ///
    /// - Throws: ``SystemError``: `EEXIST` when there is a file already, which stays as it is.
    package static func create(_ path: URL, with contents: UnsafeRawBufferPointer) throws(SystemError) {
        try write(contents, mode: 0o600, for: path) { draft in
            if linux_renameat_noreplace(AT_FDCWD, draft, AT_FDCWD, path.path) == 0 { return 0 }
            // A file system without this way to rename, such as FUSE's.
            guard errno == EINVAL else { return -1 }
            guard access(path.path, F_OK) != 0 else {
                errno = EEXIST
                return -1
            }
            return rename(draft, path.path)
        }
    }

    /// Writes a draft beside `path`, and has `publish` rename it once it is on the disk.
    private static func write(
        _ contents: UnsafeRawBufferPointer, mode: mode_t, for path: URL, _ publish: (_ draft: String) -> Int32
    ) throws(SystemError) {
        let draft = path.deletingLastPathComponent().appending(path: ".\(path.lastPathComponent)\(suffix)").path
        unlink(draft)
        do throws(SystemError) {
            let file = try OwnedDescriptor(path: draft, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            // The umask may have taken some of it; a file system without permissions cannot give it back.
            fchmod(file.raw, mode)
            try FileIO.writeAll(contents, to: file.raw)
            try FileIO.synchronize(file.raw)
            guard publish(draft) == 0 else { throw .last }
        } catch {
            unlink(draft)
            throw error
        }
        try synchronize(directory: path.deletingLastPathComponent())
    }

    /// Removes what an interrupted ``replace(_:with:)-(_,Data)`` has left in `directory`.
    package static func sweep(_ directory: URL) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        where name.hasPrefix(".") && name.hasSuffix(suffix) {
            unlink(directory.appending(path: name).path)
        }
    }

    /// Waits until a directory's entries are on the disk.
    package static func synchronize(directory: URL) throws(SystemError) {
        // A name of its own: a temporary object would be closed before the call.
        let descriptor = try OwnedDescriptor(path: directory.path, O_RDONLY | O_DIRECTORY)
        try FileIO.synchronize(descriptor.raw)
    }

    /// Waits until the whole file system that holds a file or directory is on its disk.
    ///
    /// The C function is `syncfs`.
    package static func synchronizeFileSystem(of path: URL) throws(SystemError) {
        let descriptor = try OwnedDescriptor(path: path.path, O_RDONLY)
        guard linux_syncfs(descriptor.raw) == 0 else { throw .last }
    }
}

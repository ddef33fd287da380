internal import CLinux
internal import Foundation
package import Platform
package import SFTP

/// An open directory, and the system calls relative to it: `openat2`, `fstatat`, `renameat` and so on.
///
/// The functions take single names, never paths. No call follows a symbolic link or enters another file system. Code
/// that starts at the home directory and opens one name after the other therefore stays below the home directory,
/// whatever is created, mounted or exchanged there at the same time.
package final class Directory {
    package let file: OwnedDescriptor

    /// What ``directory(_:mounts:)`` does at a directory on which another file system is mounted.
    package enum MountPoints {
        case refuse
        /// Enters the mounted file system, for directories that server.conf names.
        case enter
    }

    /// Takes over an open directory.
    package init(_ file: OwnedDescriptor) {
        self.file = file
    }

    /// Opens a directory by path, for the directories that server.conf names.
    package convenience init(path: String) throws(FileSystemError) {
        self.init(try FileSystemError.translating(system: OwnedDescriptor(path: path, O_RDONLY | O_DIRECTORY)))
    }

    package var descriptor: Int32 { file.raw }

    /// Opens the directory at `path` below this one; for the root, returns this one.
    package func directory(
        _ path: VirtualPath, mounts: MountPoints = .refuse
    ) throws(FileSystemError) -> Directory {
        var directory = self
        for name in path.components { directory = try directory.directory(named: name, mounts: mounts) }
        return directory
    }

    func directory(named name: [UInt8], mounts: MountPoints = .refuse) throws(FileSystemError) -> Directory {
        Directory(OwnedDescriptor(try open(name, O_RDONLY | O_DIRECTORY, mounts: mounts)))
    }

    /// Opens this directory again, for a descriptor with its own position and its own advisory lock.
    ///
    /// - Returns: a descriptor that the caller has to close.
    func reopened() throws(FileSystemError) -> Int32 { try open([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY) }

    /// Opens a regular file.
    ///
    /// Devices, pipes and sockets are not opened, because opening alone may have an effect.
    ///
    /// - Parameter seen: the status of the name, if the caller has just looked it up.
    /// - Returns: the open file, and its status.
    func openFile(
        _ name: [UInt8], _ flags: Int32 = O_RDONLY, seen: stat? = nil
    ) throws(FileSystemError) -> (file: OwnedDescriptor, status: stat) {
        let look = if let seen { seen } else { try status(name) }
        guard look?.isRegularFile == true else { throw .noSuchFile("no such file") }
        // The name may have been exchanged since: a pipe is then opened without waiting, and refused.
        let file = OwnedDescriptor(try open(name, flags | O_NONBLOCK))
        let status = try file.currentStatus()
        guard status.isRegularFile else { throw .noSuchFile("no such file") }
        return (file, status)
    }

    /// Opens whatever has a name, only to take its status and to set its attributes; without a name, this directory.
    func openObject(_ name: [UInt8]) throws(FileSystemError) -> OwnedDescriptor {
        OwnedDescriptor(try open(name.isEmpty ? [UInt8(ascii: ".")] : name, linux_path_only | O_NOFOLLOW))
    }

    /// Makes a new file and opens it.
    ///
    /// The C function is `openat2` with `O_EXCL`.
    func createFile(_ name: [UInt8], mode: mode_t) throws(FileSystemError) -> OwnedDescriptor {
        OwnedDescriptor(try open(name, O_RDWR | O_CREAT | O_EXCL, mode))
    }

    private func open(
        _ name: [UInt8], _ flags: Int32, _ mode: mode_t = 0, mounts: MountPoints = .refuse
    ) throws(FileSystemError) -> Int32 {
        try check(
            name.withCString {
                linux_open_beneath(descriptor, $0, flags | O_CLOEXEC, mode, mounts == .enter ? 1 : 0)
            })
    }

    /// The status of `name`; nil when nothing has that name.
    ///
    /// The C function is `fstatat`.
    func status(_ name: [UInt8]) throws(FileSystemError) -> stat? {
        var status = stat()
        guard name.withCString({ fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            // The last three are for names that the file system cannot hold, and so does not have.
            if [ENOENT, EINVAL, EILSEQ, ENAMETOOLONG].contains(errno) { return nil }
            throw FileSystemError(errno: errno)
        }
        return status
    }

    /// The status of this directory.
    func status() throws(FileSystemError) -> stat { try file.currentStatus() }

    package func makeDirectory(_ name: [UInt8], mode: UInt32) throws(FileSystemError) {
        try check(name.withCString { mkdirat(descriptor, $0, mode) })
    }

    func removeFile(_ name: [UInt8]) throws(FileSystemError) {
        try check(name.withCString { unlinkat(descriptor, $0, 0) })
    }

    package func removeDirectory(_ name: [UInt8]) throws(FileSystemError) {
        try check(name.withCString { unlinkat(descriptor, $0, AT_REMOVEDIR) })
    }

    /// Renames `name` in this directory to `newName` in `target`.
    ///
    /// - Parameter existing: for ``SFTP/ExistingFile/keep``, the file system refuses an existing `newName` in one step;
    ///   one without that call (`EINVAL`, `ENOSYS`) is asked for the name first.
    func rename(
        _ name: [UInt8], to target: Directory, _ newName: [UInt8], existing: ExistingFile
    ) throws(FileSystemError) {
        let result = name.withCString { old in
            newName.withCString { new in
                switch existing {
                case .replace: renameat(descriptor, old, target.descriptor, new)
                case .keep: linux_renameat_noreplace(descriptor, old, target.descriptor, new)
                }
            }
        }
        if result != 0, existing == .keep, errno == EINVAL || errno == ENOSYS {
            guard try target.status(newName) == nil else { throw FileSystemError(errno: EEXIST) }
            return try rename(name, to: target, newName, existing: .replace)
        }
        try check(result)
    }

    /// Gives `name` in this directory a second name, in `target`.
    ///
    /// - Returns: false when that failed, as on FAT, which has no hard links.
    func link(_ name: [UInt8], to target: Directory, _ newName: [UInt8]) -> Bool {
        name.withCString { name in
            newName.withCString { linkat(descriptor, name, target.descriptor, $0, 0) == 0 }
        }
    }

    /// Waits until this directory's entries are on the disk.
    package func synchronize() throws(FileSystemError) {
        try FileSystemError.translating(system: FileIO.synchronize(descriptor))
    }

    /// Waits until a file is on the disk after a rename: FAT keeps its size and place in the directory entry, which the
    /// rename has written again.
    ///
    /// - Returns: the file's status.
    func synchronizeFile(_ name: [UInt8]) throws(FileSystemError) -> stat {
        let (file, status) = try openFile(name)
        try FileSystemError.translating(system: FileIO.synchronize(file.raw))
        return status
    }

    /// The figures of the file system that this directory is on.
    ///
    /// The C function is `fstatvfs`.
    package func statistics() throws(FileSystemError) -> FileSystemStatistics {
        var figures = statvfs()
        try check(fstatvfs(descriptor, &figures))
        var statistics = FileSystemStatistics()
        statistics.blockSize = UInt64(figures.f_bsize)
        statistics.fragmentSize = UInt64(figures.f_frsize)
        statistics.blocks = UInt64(figures.f_blocks)
        statistics.freeBlocks = UInt64(figures.f_bfree)
        statistics.availableBlocks = UInt64(figures.f_bavail)
        statistics.files = UInt64(figures.f_files)
        statistics.freeFiles = UInt64(figures.f_ffree)
        statistics.availableFiles = UInt64(figures.f_favail)
        statistics.identifier = UInt64(figures.f_fsid)
        statistics.flags = UInt64(figures.f_flag) & 3
        statistics.longestName = UInt64(max(0, Int(figures.f_namemax) - StoredName.suffix.count))
        return statistics
    }

    /// Throws the error of a system call that has failed.
    @discardableResult
    private func check(_ result: Int32) throws(FileSystemError) -> Int32 {
        guard result >= 0 else { throw FileSystemError(errno: errno) }
        return result
    }
}

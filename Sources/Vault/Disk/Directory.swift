internal import CLinux
internal import Foundation
package import SFTP

/// An open directory, and the system calls relative to it.
///
/// Nothing here takes a path, only single names, and no call follows a symbolic link or enters another file system:
/// whoever starts at a home's directory and goes down name by name stays below it, whatever is planted, mounted or
/// swapped there meanwhile.
package final class Directory {
    package let descriptor: Int32

    /// Takes over an open descriptor.
    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Opens a directory by path, for the ones that server.conf names.
    package convenience init(path: String) throws(FileSystemError) {
        let descriptor = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileSystemError(errno: errno) }
        self.init(descriptor: descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// The directory at `path` below this one; this one itself for the root.
    ///
    /// - Parameter mounts: whether file systems mounted on the way are entered, as for what server.conf names.
    package func directory(_ path: VirtualPath, mounts: Bool = false) throws(FileSystemError) -> Directory {
        var directory = self
        for name in path.components { directory = try directory.directory(named: name, mounts: mounts) }
        return directory
    }

    func directory(named name: [UInt8], mounts: Bool = false) throws(FileSystemError) -> Directory {
        Directory(descriptor: try open(name, O_RDONLY | O_DIRECTORY, mounts: mounts))
    }

    /// Another descriptor of this directory, with a position and a lock of its own.
    func reopened() throws(FileSystemError) -> Int32 { try open([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY) }

    /// Opens a regular file.
    ///
    /// Devices, pipes and sockets are not opened, not even to look at them.
    ///
    /// - Parameter seen: what it was a moment ago, if somebody has looked.
    /// - Returns: the open file, and what it is.
    func openFile(
        _ name: [UInt8], _ flags: Int32 = O_RDONLY, seen: stat? = nil
    ) throws(FileSystemError) -> (file: OwnedDescriptor, status: stat) {
        // Opening a device may do something already, and a pipe wakes whoever waits for a reader. What has come there
        // since this look is opened, without waiting, and refused.
        let look = if let seen { seen } else { try status(name) }
        guard look?.isRegularFile == true else { throw .noSuchFile("no such file") }
        let file = OwnedDescriptor(try open(name, flags | O_NONBLOCK))
        let status = try file.status()
        guard status.isRegularFile else { throw .noSuchFile("no such file") }
        return (file, status)
    }

    /// Makes a new file.
    ///
    /// The C function is `openat` with `O_EXCL`.
    func createFile(_ name: [UInt8], mode: mode_t) throws(FileSystemError) -> Int32 {
        try open(name, O_RDWR | O_CREAT | O_EXCL, mode)
    }

    private func open(
        _ name: [UInt8], _ flags: Int32, _ mode: mode_t = 0, mounts: Bool = false
    ) throws(FileSystemError) -> Int32 {
        try check(name.withCString { linux_open_beneath(descriptor, $0, flags | O_CLOEXEC, mode, mounts ? 1 : 0) })
    }

    /// What `name` is; nil when there is nothing.
    func status(_ name: [UInt8]) throws(FileSystemError) -> stat? {
        var status = stat()
        guard name.withCString({ fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            // What the file system cannot hold is not there.
            if [ENOENT, EINVAL, EILSEQ, ENAMETOOLONG].contains(errno) { return nil }
            throw FileSystemError(errno: errno)
        }
        return status
    }

    /// What this directory is.
    func status() throws(FileSystemError) -> stat {
        var status = stat()
        try check(fstat(descriptor, &status))
        return status
    }

    func makeDirectory(_ name: [UInt8], mode: mode_t) throws(FileSystemError) {
        try check(name.withCString { mkdirat(descriptor, $0, mode) })
    }

    func removeFile(_ name: [UInt8]) throws(FileSystemError) {
        try check(name.withCString { unlinkat(descriptor, $0, 0) })
    }

    func removeDirectory(_ name: [UInt8]) throws(FileSystemError) {
        try check(name.withCString { unlinkat(descriptor, $0, AT_REMOVEDIR) })
    }

    /// Renames `name` here to `newName` in `target`.
    ///
    /// - Parameter replacing: whether an existing `newName` gives way; if not, the file system decides that in one step
    ///   where it can, else it is looked up first.
    func rename(
        _ name: [UInt8], to target: Directory, _ newName: [UInt8], replacing: Bool
    ) throws(FileSystemError) {
        let result = name.withCString { old in
            newName.withCString { new in
                replacing
                    ? renameat(descriptor, old, target.descriptor, new)
                    : linux_renameat_noreplace(descriptor, old, target.descriptor, new)
            }
        }
        if result != 0, !replacing, errno == EINVAL || errno == ENOSYS {
            guard try target.status(newName) == nil else { throw FileSystemError(errno: EEXIST) }
            return try rename(name, to: target, newName, replacing: true)
        }
        try check(result)
    }

    /// Gives `name` here a second name, in `target`.
    ///
    /// - Returns: whether that was done; FAT cannot.
    func link(_ name: [UInt8], to target: Directory, _ newName: [UInt8]) -> Bool {
        name.withCString { name in
            newName.withCString { linkat(descriptor, name, target.descriptor, $0, 0) == 0 }
        }
    }

    /// Lets no other session decide about names in this directory meanwhile.
    ///
    /// The C function is `flock`; a file system without locks goes on without.
    func locked(_ body: () throws(FileSystemError) -> Void) throws(FileSystemError) {
        let lock = OwnedDescriptor(try reopened())
        while flock(lock.raw, LOCK_EX) != 0 && errno == EINTR {}
        try body()
        withExtendedLifetime(lock) {}
    }

    /// Writes this directory's own entries to the disk.
    func synchronize() throws(FileSystemError) {
        // Some file systems cannot; they have no better way either.
        if fsync(descriptor) != 0, errno != EINVAL { throw FileSystemError(errno: errno) }
    }

    /// Writes a file's own entry to the disk: FAT keeps its size and place there, and a rename makes it anew.
    ///
    /// - Returns: what the file is now.
    func synchronizeFile(_ name: [UInt8]) throws(FileSystemError) -> stat {
        let (file, status) = try openFile(name)
        if fsync(file.raw) != 0, errno != EINVAL { throw FileSystemError(errno: errno) }
        return status
    }

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

    /// Turns the result of a system call into a thrown error.
    @discardableResult
    private func check(_ result: Int32) throws(FileSystemError) -> Int32 {
        guard result >= 0 else { throw FileSystemError(errno: errno) }
        return result
    }
}

extension [UInt8] {
    /// Lends the name as a C string.
    ///
    /// Names come from ``VirtualPath`` or the disk and have no NUL inside.
    func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        body(map { CChar(bitPattern: $0) } + [0])
    }
}

extension stat {
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }

    /// The attributes as the client sees them, with `size` in place of the stored size.
    func attributes(size: UInt64) -> FileAttributes {
        FileAttributes(
            size: size, owner: .init(user: st_uid, group: st_gid), permissions: st_mode,
            times: .init(
                access: UInt32(clamping: st_atim.tv_sec), modification: UInt32(clamping: st_mtim.tv_sec)))
    }
}

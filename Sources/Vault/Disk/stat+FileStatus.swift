internal import Foundation
internal import SFTP

extension stat {
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }

    /// Access and modification time, as `futimens` takes them.
    var times: [timespec] { [st_atim, st_mtim] }

    /// Whether two statuses are of one file or directory: the same inode number on the same device.
    func isSameFile(as other: stat) -> Bool { st_dev == other.st_dev && st_ino == other.st_ino }

    /// Whether this is the same file as `earlier`, with the same size and modification time.
    func isUnchanged(since earlier: stat) -> Bool {
        isSameFile(as: earlier) && st_size == earlier.st_size && st_mtim.tv_sec == earlier.st_mtim.tv_sec
            && st_mtim.tv_nsec == earlier.st_mtim.tv_nsec
    }

    /// Whether `copy`, a file that got this file's modification time, still has it.
    ///
    /// FAT keeps even seconds only.
    func isSameTime(as copy: stat) -> Bool {
        copy.st_mtim.tv_sec == st_mtim.tv_sec || copy.st_mtim.tv_sec == st_mtim.tv_sec & ~1
    }

    /// The attributes as the client gets them, with `size` in place of the stored size.
    func attributes(size: UInt64) -> FileAttributes {
        FileAttributes(
            size: size, owner: .init(user: st_uid, group: st_gid), permissions: st_mode,
            times: .init(
                access: UInt32(clamping: st_atim.tv_sec), modification: UInt32(clamping: st_mtim.tv_sec)))
    }
}

internal import Foundation

/// The identity of one state of a file or directory: device, inode number and change time.
///
/// An inode number may be used again for another file; the change time (`st_ctim`) tells the two apart. The change time
/// also changes when this session renames the file or sets its attributes.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        // A directory's change time changes with each entry, so it is left out; only an empty directory can be removed.
        seconds = status.isDirectory ? 0 : status.st_ctim.tv_sec
        nanoseconds = status.isDirectory ? 0 : status.st_ctim.tv_nsec
    }
}

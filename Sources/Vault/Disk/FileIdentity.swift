internal import Foundation

/// The identity of one state of a file or directory: device, inode number and change time.
///
/// An inode number may be used again for another file; the change time (`st_ctim`) tells the two apart. The change time
/// also changes when this session renames the file or sets its attributes.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    /// The change time; 0 for a directory.
    package let seconds: Int
    package let nanoseconds: Int

    /// Names an object as another process has described it.
    package init(device: UInt64, inode: UInt64, seconds: Int, nanoseconds: Int) {
        self.device = device
        self.inode = inode
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        // A directory's change time changes with each entry, so it is left out; only an empty directory can be removed.
        seconds = status.isDirectory ? 0 : status.st_ctim.tv_sec
        nanoseconds = status.isDirectory ? 0 : status.st_ctim.tv_nsec
    }
}

internal import Foundation
internal import SFTP

extension Directory {
    /// Sets the times, permissions and owner of `found`, which is in this directory.
    ///
    /// The size is not set.
    func set(_ attributes: FileAttributes, on found: ResolvedPath) throws(FileSystemError) {
        let name = found.name.isEmpty ? [UInt8(ascii: ".")] : found.name
        // Clients set the owner without expecting that the system permits it: a failure is not an error.
        if let owner = attributes.owner {
            _ = name.withCString { fchownat(descriptor, $0, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) }
        }
        if let permissions = attributes.permissions {
            let result = name.withCString {
                fchmodat(descriptor, $0, mode_t(permissions & 0o777), AT_SYMLINK_NOFOLLOW)
            }
            // ENOSYS is the answer of FUSE drivers without permissions.
            guard result == 0 || [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw FileSystemError(errno: errno)
            }
        }
        if let times = attributes.times {
            let result = name.withCString { utimensat(descriptor, $0, times.timespecs, AT_SYMLINK_NOFOLLOW) }
            guard result == 0 else { throw FileSystemError(errno: errno) }
        }
    }
}

extension FileAttributes.Times {
    /// Access and modification time as `utimensat` takes them.
    var timespecs: [timespec] {
        [timespec(tv_sec: Int(access), tv_nsec: 0), timespec(tv_sec: Int(modification), tv_nsec: 0)]
    }
}

extension FileAttributes {
    /// Permissions and times of a file.
    init(of status: stat) {
        self.init(permissions: UInt32(status.st_mode & 0o777), times: status.attributes(size: 0).times)
    }
}

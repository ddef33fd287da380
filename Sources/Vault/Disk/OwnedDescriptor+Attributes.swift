internal import Foundation
internal import Platform
internal import SFTP

extension OwnedDescriptor {
    /// Sets the times, permissions and owner of the file or directory, which may be open with `O_PATH`.
    ///
    /// The size is not set. The C functions are `chown`, `chmod` and `utimensat`, on the descriptor's name below
    /// `/proc/self/fd`, which always means what is open.
    func set(_ attributes: FileAttributes) throws(FileSystemError) {
        let path = "/proc/self/fd/\(raw)"
        // Clients set the owner without expecting that the system permits it: a failure is not an error.
        if let owner = attributes.owner { _ = chown(path, owner.user, owner.group) }
        if let permissions = attributes.permissions {
            // ENOSYS is the answer of FUSE drivers without permissions.
            guard chmod(path, mode_t(permissions & 0o777)) == 0 || [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw FileSystemError(errno: errno)
            }
        }
        if let times = attributes.times {
            guard utimensat(AT_FDCWD, path, times.timespecs, 0) == 0 else { throw FileSystemError(errno: errno) }
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

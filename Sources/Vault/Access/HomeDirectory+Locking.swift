internal import Foundation
internal import SFTP

/// The locks under which a session looks at names and changes them.
extension HomeDirectory {
    /// Runs `body` while no other session decides about names in a directory, or in two.
    ///
    /// Two are locked in the order of their inode numbers, by all sessions, so that none waits for another that waits
    /// for it.
    func locked(
        _ directory: Directory, and other: Directory? = nil, _ body: () throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        guard let other else { return try directory.locked(pause, body) }
        let (this, that) = (try directory.status(), try other.status())
        guard !this.isSameFile(as: that) else { return try directory.locked(pause, body) }
        let isFirst = (this.st_dev, this.st_ino) < (that.st_dev, that.st_ino)
        try (isFirst ? directory : other).locked(pause) { () throws(FileSystemError) in
            try (isFirst ? other : directory).locked({}, body)
        }
    }

    /// Checks that a directory still has the path by which it was opened.
    ///
    /// Another session may have renamed or removed it, or one above it, and made another one of that name.
    func confirm(_ directory: Directory, at path: VirtualPath) throws(FileSystemError) {
        guard !path.isRoot else { return }
        let moved = FileSystemError.failure("the directory was renamed or removed since the file was opened")
        let there: Directory
        do throws(FileSystemError) {
            there = try self.directory(path)
        } catch .noSuchFile {
            throw moved
        }
        guard try there.status().isSameFile(as: directory.status()) else { throw moved }
    }
}

internal import Foundation
internal import Platform
internal import SFTP

/// Advisory locks on a directory and on the stored files in it.
extension Directory {
    /// Runs `body` while no other session decides about names in this directory.
    ///
    /// On a file system without locks, `body` runs without one.
    ///
    /// - Parameter pause: called right before the lock is taken: there tests have another session act.
    func locked(
        _ pause: () -> Void = {}, _ body: () throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        pause()
        try FileLock(.exclusive, on: OwnedDescriptor(reopened())).withLock(body)
    }

    /// Opens a stored file that is to be changed in place, with a shared lock that keeps re-encryption away from it.
    func openToChange(
        _ name: [UInt8]
    ) throws(FileSystemError) -> (file: OwnedDescriptor, status: stat, lock: FileLock) {
        var (file, opened) = try openFile(name)
        var lock = FileLock(.shared, on: file)
        // The name may get another file before the lock is there. Ten times, because that can be made to happen
        // forever.
        for _ in 1...10 {
            guard let now = try status(name), now.isRegularFile, !now.isSameFile(as: opened) else { break }
            (file, opened) = try openFile(name)
            lock = FileLock(.shared, on: file)
        }
        return (file, opened, lock)
    }
}

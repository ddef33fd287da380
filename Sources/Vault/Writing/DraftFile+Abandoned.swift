internal import Foundation
internal import Platform
internal import SFTP

/// Drafts that a killed process has left.
extension DraftFile {
    /// Removes the drafts that no process writes any more.
    ///
    /// - Parameter data: the data directory. One without drafts is not an error.
    package static func sweep(_ data: Directory) {
        forEachUnlocked(in: data, O_RDWR) { directory, name in try? directory.removeFile(name) }
    }

    /// The stored names of the drafts that no process writes any more, without changing anything.
    ///
    /// - Parameter data: the data directory. One without drafts is not an error.
    package static func abandoned(in data: Directory) -> [(directory: [UInt8], name: [UInt8])] {
        var names: [[UInt8]] = []
        forEachUnlocked(in: data, O_RDONLY) { _, name in names.append(name) }
        return names.map { (StoredName.drafts, $0) }
    }

    /// Calls `body` for each draft whose lock was free, while the lock is held.
    ///
    /// On a file system without locks there are none: a draft in use could not be told from one that was left.
    private static func forEachUnlocked(
        in data: Directory, _ flags: Int32, _ body: (Directory, _ name: [UInt8]) -> Void
    ) {
        guard let directory = try? data.directory(named: StoredName.drafts),
            let stream = try? DirectoryStream(directory)
        else { return }
        while let name = try? stream.next() {
            guard let (file, _) = try? directory.openFile(name, flags),
                let lock = FileLock(.exclusive, ifFreeOn: file), lock.isHeld
            else { continue }
            lock.withLock { body(directory, name) }
        }
    }
}

internal import Foundation
package import SFTP

/// The directory for drafts, in the data directory.
package final class DraftsDirectory {
    /// The data directory; nil in a session, which has no access to it.
    let data: Directory?
    /// The directory itself, for a session.
    private let opened: Directory?

    /// Takes the drafts directory of a data directory, which is made when it is first needed.
    package init(in data: Directory) {
        self.data = data
        opened = nil
    }

    /// Takes an open drafts directory.
    ///
    /// - Parameter directory: nil when there is none, as on a read-only medium: then nothing can be stored.
    package init(opened directory: Directory?) {
        data = nil
        opened = directory
    }

    /// Opens the directory; it is made when it is missing.
    func open() throws(FileSystemError) -> Directory {
        if let opened { return opened }
        guard let data else { throw .permissionDenied("the data directory cannot be written") }
        return try DraftsDirectory.open(in: data)
    }

    /// Opens the drafts directory of a data directory; it is made when it is missing.
    package static func open(in data: Directory) throws(FileSystemError) -> Directory {
        if try data.status(StoredName.drafts) == nil {
            do { try data.makeDirectory(StoredName.drafts, mode: 0o700) } catch .failure
            { /* Another session was first. */  }
        }
        return try data.directory(named: StoredName.drafts)
    }

    /// Whether a status is that of the data directory.
    func isDataDirectory(_ status: stat) throws(FileSystemError) -> Bool {
        guard let data else { return false }
        return try status.isSameFile(as: data.status())
    }
}

internal import Foundation
internal import Platform
internal import SFTP

/// Changes of what is stored: each of them goes through ``withOwn(_:and:_:)``.
extension HomeDirectory {
    /// Runs `body` on a file or directory that this session may change, while no other session decides about names in
    /// its directory.
    ///
    /// The object is opened, and what is opened must be what was found: a decision about one object never becomes a
    /// change of another that has got the name since.
    ///
    /// - Parameters:
    ///   - found: the object.
    ///   - other: another directory in which `body` decides about names.
    ///   - body: gets a descriptor on which only a status can be taken and attributes can be set, and the object's
    ///     status.
    func withOwn(
        _ found: ResolvedPath, and other: Directory? = nil,
        _ body: (OwnedDescriptor, stat) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        try locked(found.directory, and: other) { () throws(FileSystemError) in
            let object = try found.directory.openObject(found.name)
            let status = try object.currentStatus()
            guard status.isSameFile(as: found.status) else {
                throw .failure("another session has changed it meanwhile: try again")
            }
            try requireOwn(status)
            try body(object, status)
        }
    }

    /// Sets times, permissions and owner; the size is not set.
    func set(_ attributes: FileAttributes, on found: ResolvedPath) throws(FileSystemError) {
        try withOwn(found) { (object, status) throws(FileSystemError) in
            var attributes = attributes
            if let permissions = attributes.permissions {
                let mode = permitted(mode_t(permissions & 0o777), isDirectory: status.isDirectory)
                attributes.permissions = UInt32(mode)
            }
            defer { if let now = try? object.currentStatus() { book(now, after: status) } }
            try object.set(attributes)
        }
    }
}

internal import Foundation
internal import SFTP

/// From virtual paths to what is on the disk.
extension VaultFileSystem {
    /// Finds the object at a virtual path.
    ///
    /// - Returns: nil when there is none. A missing directory on the way throws.
    func find(_ path: VirtualPath) throws(FileSystemError) -> ResolvedPath? {
        guard let name = path.name else {
            return ResolvedPath(directory: home.root, name: [], status: try home.root.status(), path: path)
        }
        guard !StoredName.isReserved(name) else { return nil }
        let directory = try home.directory(path.parent)
        if let found = try home.entry(name, .directory, in: directory) {
            return ResolvedPath(directory: directory, name: found.stored, status: found.status, path: path)
        }
        let plain = try storedFile(path, name, in: directory)
        // A session that gets ciphertext may name the stored file itself, with its stored size.
        guard plain == nil, view != .plaintext, let virtual = StoredName.virtual(name) else { return plain }
        guard let status = try directory.status(name, on: home.volume), status.isRegularFile else { return nil }
        return ResolvedPath(
            directory: directory, name: name, status: status, path: path.parent.appending(virtual), isStoredName: true)
    }

    /// Finds the stored file, or the partial, for a virtual name.
    private func storedFile(
        _ path: VirtualPath, _ name: [UInt8], in directory: Directory
    ) throws(FileSystemError) -> ResolvedPath? {
        // A write-only session could not resume a partial: it sees none, and its next upload of the name replaces it.
        for kind in [StoredName.Kind.file] + (view == .plaintext ? [.partial] : []) {
            if let found = try home.entry(name, kind, in: directory) {
                return ResolvedPath(directory: directory, name: found.stored, status: found.status, path: path)
            }
        }
        return nil
    }

    /// Finds the object at a virtual path, which has to exist.
    func require(_ path: VirtualPath) throws(FileSystemError) -> ResolvedPath {
        guard let found = try find(path) else { throw .noSuchFile("no such file or directory") }
        return found
    }

    /// The directory and the stored name of the file at `path`, or of a new file that is to be made there.
    ///
    /// - Throws: ``SFTP/FileSystemError/failure(_:)`` for the root, for a directory's name, or for one too long with
    ///   its `.gpg`.
    func target(_ path: VirtualPath) throws(FileSystemError) -> (directory: Directory, name: [UInt8]) {
        guard let name = path.name else { throw .failure("it is a directory") }
        let directory = try home.directory(path.parent)
        let stored = try home.storedName(name, .file, in: directory)
        if try home.entry(name, .directory, in: directory) != nil { throw .failure("it is a directory") }
        return (directory, stored)
    }
}

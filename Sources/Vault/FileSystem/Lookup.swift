internal import Foundation
internal import SFTP

/// What a virtual path stands for on the disk.
struct ResolvedPath {
    /// The directory it is in; for the root, the root itself.
    let directory: Directory
    /// Its name there; empty for the root.
    let name: [UInt8]
    let status: stat
    /// The path by which its owner calls it: without `.gpg`.
    let path: VirtualPath
    /// Whether the client named the stored file itself, with its `.gpg`, as only the ciphertext view can.
    var isStoredName = false

    /// Whether it is an upload that was cut off.
    var isPartial: Bool { StoredName.isPartial(name) && !isDirectory }
    var isDirectory: Bool { status.isDirectory }
}

extension VaultFileSystem {
    /// Finds what the client means by `path`.
    ///
    /// - Returns: nil when there is nothing, or nothing that this session is to see. A missing directory on the way
    ///   throws.
    func find(_ path: VirtualPath) throws(FileSystemError) -> ResolvedPath? {
        guard let found = try resolveAnyForm(path) else { return nil }
        if case .ciphertext(listsAll: false) = view, !found.isDirectory, !own.contains(found.path, found.status) {
            return nil
        }
        return found
    }

    /// Finds it whether the session is to see it or not.
    func resolveAnyForm(_ path: VirtualPath) throws(FileSystemError) -> ResolvedPath? {
        guard let name = path.name else {
            return ResolvedPath(directory: home, name: [], status: try home.status(), path: path)
        }
        guard !StoredName.isReserved(name) else { return nil }
        let directory = try directory(path.parent)
        if let found = try entry(name, .directory, in: directory) {
            return ResolvedPath(directory: directory, name: found.stored, status: found.status, path: path)
        }
        let plain = try storedFile(path, name, in: directory)
        // The ciphertext view lists stored names, so it must take them too: before anything else that might be meant,
        // but after what this session has put there itself under the very name.
        guard view != .plaintext, let virtual = StoredName.virtual(name) else { return plain }
        if let plain, own.contains(path, plain.status) { return plain }
        guard let status = try directory.status(name, on: volume), status.isRegularFile else { return plain }
        return ResolvedPath(
            directory: directory, name: name, status: status, path: path.parent.appending(virtual), isStoredName: true)
    }

    /// The stored file for a virtual name.
    ///
    /// Links, devices and the like are nothing.
    private func storedFile(
        _ path: VirtualPath, _ name: [UInt8], in directory: Directory
    ) throws(FileSystemError) -> ResolvedPath? {
        // A write-only session could not continue a partial: for it there is none, and its next upload takes the name.
        for kind in [StoredName.Kind.file] + (view == .plaintext ? [.partial] : []) {
            if let found = try entry(name, kind, in: directory) {
                return ResolvedPath(directory: directory, name: found.stored, status: found.status, path: path)
            }
        }
        return nil
    }

    func require(_ path: VirtualPath) throws(FileSystemError) -> ResolvedPath {
        guard let found = try find(path) else { throw .noSuchFile("no such file or directory") }
        return found
    }

    /// The directory and stored name that a file at `path` has, or a new one will have.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for the root, a directory's name, or one too long with its `.gpg`.
    func target(_ path: VirtualPath) throws(FileSystemError) -> (directory: Directory, name: [UInt8]) {
        guard let name = path.name else { throw .failure("it is a directory") }
        let directory = try directory(path.parent)
        let stored = try storedName(name, .file, in: directory)
        if try entry(name, .directory, in: directory) != nil { throw .failure("it is a directory") }
        return (directory, stored)
    }
}

internal import Foundation
internal import SFTP

/// What a virtual path stands for on the disk.
struct Found {
    /// The folder it is in; for the root, the root itself.
    let folder: Folder
    /// Its name there; empty for the root.
    let name: [UInt8]
    let status: stat
    /// The path by which its owner calls it: without `.gpg`.
    let path: VirtualPath
    /// Whether the client named the stored file itself, with its `.gpg`, as only the ciphertext view can.
    var isStoredName = false

    /// Whether it is an upload that was cut off.
    var isPartial: Bool { StoredName.isPartial(name) && !isFolder }
    var isFolder: Bool { status.isFolder }
}

extension VaultFileSystem {
    /// Finds what the client means by `path`.
    ///
    /// - Returns: nil when there is nothing, or nothing that this session is to see. A missing folder on the way throws.
    func find(_ path: VirtualPath) throws(FileSystemError) -> Found? {
        guard let found = try findAny(path) else { return nil }
        if case .ciphertext(listsAll: false) = view, !found.isFolder, !own.contains(found.path, found.status) {
            return nil
        }
        return found
    }

    /// Finds it whether the session is to see it or not.
    func findAny(_ path: VirtualPath) throws(FileSystemError) -> Found? {
        guard let name = path.name else { return Found(folder: home, name: [], status: try home.status(), path: path) }
        guard !StoredName.isReserved(name) else { return nil }
        let folder = try folder(path.parent)
        if let found = try entry(name, .folder, in: folder) {
            return Found(folder: folder, name: found.stored, status: found.status, path: path)
        }
        let plain = try storedFile(path, name, in: folder)
        // The ciphertext view lists stored names, so it must take them too: before anything else that might be meant, but
        // after what this session has put there itself under the very name.
        guard view != .plaintext, let virtual = StoredName.virtual(name) else { return plain }
        if let plain, own.contains(path, plain.status) { return plain }
        guard let status = try folder.status(name, on: volume), status.isRegularFile else { return plain }
        return Found(
            folder: folder, name: name, status: status, path: path.parent.appending(virtual), isStoredName: true)
    }

    /// The stored file for a virtual name.
    ///
    /// Links, devices and the like are nothing.
    private func storedFile(
        _ path: VirtualPath, _ name: [UInt8], in folder: Folder
    ) throws(FileSystemError) -> Found? {
        // A write-only session could not continue a partial: for it there is none, and its next upload takes the name.
        for kind in [StoredName.Kind.file] + (view == .plaintext ? [.partial] : []) {
            if let found = try entry(name, kind, in: folder) {
                return Found(folder: folder, name: found.stored, status: found.status, path: path)
            }
        }
        return nil
    }

    func require(_ path: VirtualPath) throws(FileSystemError) -> Found {
        guard let found = try find(path) else { throw .noSuchFile("no such file or folder") }
        return found
    }

    /// The folder and stored name that a file at `path` has, or a new one will have.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for the root, a folder's name, or one too long with its `.gpg`.
    func target(_ path: VirtualPath) throws(FileSystemError) -> (folder: Folder, name: [UInt8]) {
        guard let name = path.name else { throw .failure("it is a folder") }
        let folder = try folder(path.parent)
        let stored = try storedName(name, .file, in: folder)
        if try entry(name, .folder, in: folder) != nil { throw .failure("it is a folder") }
        return (folder, stored)
    }
}

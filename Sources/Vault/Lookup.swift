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
    var isPartial: Bool { StoredName.virtualOfPartial(name) != nil && !isFolder }
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
        let folder = try home.folder(path.parent)
        if let status = try folder.status(name), status.isFolder {
            return Found(folder: folder, name: name, status: status, path: path)
        }
        let plain = try storedFile(path, name, in: folder)
        // The ciphertext view lists stored names, so it must take them too: before anything else that might be meant, but
        // after what this session has put there itself under the very name.
        guard view != .plaintext, let stored = StoredName.virtual(name) else { return plain }
        if let plain, own.contains(path, plain.status) { return plain }
        guard var found = try storedFile(path.parent.appending(stored), stored, in: folder) else { return plain }
        found.isStoredName = true
        return found
    }

    /// The stored file for a virtual name.
    ///
    /// Links, devices and the like are nothing.
    private func storedFile(
        _ path: VirtualPath, _ name: [UInt8], in folder: Folder
    ) throws(FileSystemError) -> Found? {
        // A write-only session could not continue a partial: for it there is none, and its next upload takes the name.
        for stored in [StoredName.file(name)] + (view == .plaintext ? [StoredName.partial(name)] : [])
        where stored.count <= Limits.nameLength {
            if let status = try folder.status(stored), status.isRegularFile {
                return Found(folder: folder, name: stored, status: status, path: path)
            }
        }
        return nil
    }

    func require(_ path: VirtualPath) throws(FileSystemError) -> Found {
        guard let found = try find(path) else { throw .noSuchFile("no such file or folder") }
        return found
    }

    /// The folder and stored name that a new file at `path` will have.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for the root, a folder's name, or one too long with its `.gpg`.
    func target(_ path: VirtualPath) throws(FileSystemError) -> (folder: Folder, name: [UInt8]) {
        guard let name = path.name else { throw .failure("it is a folder") }
        let folder = try home.folder(path.parent)
        let stored = StoredName.file(name)
        guard stored.count <= Limits.nameLength else {
            throw .failure("the name is longer than \(Limits.nameLength - StoredName.suffix.count) octets")
        }
        if let status = try folder.status(name), status.isFolder { throw .failure("it is a folder") }
        return (folder, stored)
    }
}

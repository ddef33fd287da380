internal import Foundation
package import SFTP

/// RENAME and `posix-rename@openssh.com`.
extension VaultFileSystem {
    package func rename(
        _ old: VirtualPath, to new: VirtualPath, existing: ExistingFile
    ) throws(FileSystemError) {
        guard !old.isRoot, !new.isRoot else { throw .failure("the home directory cannot be renamed") }
        guard !new.isBelow(old) else { throw .failure("a directory cannot be moved into itself") }
        let found = try find(old)
        let upload = uploads[found?.path ?? old]
        guard upload != nil || found != nil else { throw .noSuchFile("no such file or directory") }
        var new = new
        // A client that renames a stored file by its stored name gives a stored name as the new one.
        if found?.isStoredName == true, let plain = new.name.flatMap(StoredName.virtual) {
            new = new.parent.appending(plain)
        }
        if (found?.path ?? old) == new { return }
        if uploads[new] != nil, existing == .keep || found?.isDirectory == true {
            throw .failure("it exists already")
        }
        if existing == .keep, try find(new) != nil { throw .failure("it exists already") }
        if let found, found.isDirectory {
            try rename(directory: found, to: new, existing: existing)
        } else {
            try rename(file: found, upload, to: new, existing: existing)
        }
    }

    /// Renames a file that is stored, or being written, or both.
    private func rename(
        file: ResolvedPath?, _ upload: Upload?, to new: VirtualPath, existing: ExistingFile
    ) throws(FileSystemError) {
        let (directory, name) = try target(new)
        if let file {
            try rename(file, to: directory, new, existing: existing)
        } else if existing == .keep, try directory.status(name) != nil {
            throw .failure("it exists already")
        }
        discardUpload(new)
        if let upload {
            uploads[upload.path] = nil
            upload.retarget(new, directory, existing: existing)
            uploads[new] = upload
        }
    }

    private func rename(
        _ file: ResolvedPath, to directory: Directory, _ new: VirtualPath, existing: ExistingFile
    ) throws(FileSystemError) {
        guard let plain = new.name else { throw .failure("it is a directory") }
        if file.isPartial, try home.entry(plain, .file, in: directory) != nil {
            throw .failure("incomplete upload: it cannot replace a complete file; resume it first")
        }
        let name = try move(file, file.isPartial ? .partial : .file, to: directory, new, existing: existing)
        if !file.isPartial { home.removePartial(of: plain, in: directory) }
        let status = try directory.synchronizeFile(name)
        try directory.synchronize()
        try file.directory.synchronize()
        own.rename(file.path, to: new, status)
    }

    private func rename(
        directory found: ResolvedPath, to new: VirtualPath, existing: ExistingFile
    ) throws(FileSystemError) {
        let directory = try home.directory(new.parent)
        guard let name = new.name else { throw .failure("the home directory cannot be replaced") }
        if try home.entry(name, .file, in: directory) != nil {
            throw .failure("a file of that name exists already")
        }
        try refuseStoredName(name)
        try refuseOpenUploads(below: new)
        let stored = try move(found, .directory, to: directory, new, existing: existing)
        try directory.synchronize()
        try found.directory.synchronize()
        if let status = try directory.status(stored) { own.rename(found.path, to: new, status) }
        for (path, upload) in uploads where path.isBelow(found.path) {
            uploads[path] = nil
            upload.path = path.moved(from: found.path, to: new)
            uploads[upload.path] = upload
        }
    }

    /// Renames what was found on the disk, while no other session decides about names in the directory.
    ///
    /// - Returns: the new stored name.
    private func move(
        _ found: ResolvedPath, _ kind: StoredName.Kind, to directory: Directory, _ new: VirtualPath,
        existing: ExistingFile
    ) throws(FileSystemError) -> [UInt8] {
        var name: [UInt8] = []
        try directory.locked { () throws(FileSystemError) in
            name = try home.storedName(new.name ?? [], kind, in: directory)
            try found.directory.rename(
                found.name, to: directory, name,
                existing: permitted(existing, at: new, directory.status(name, on: home.volume)))
        }
        return name
    }

    /// Checks that a rename may replace the object at `path`: a write-only session replaces only its own.
    ///
    /// - Parameter status: the status of that object; nil when there is none.
    private func permitted(
        _ existing: ExistingFile, at path: VirtualPath, _ status: stat?
    ) throws(FileSystemError) -> ExistingFile {
        guard view != .plaintext, existing == .replace else { return existing }
        guard let status else { return .keep }
        try permitChange(of: path, status)
        return .replace
    }
}

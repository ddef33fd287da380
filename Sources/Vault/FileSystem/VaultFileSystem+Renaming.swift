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
        try home.refuseTooDeep(new)
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
        var name: [UInt8] = []
        try home.withOwn(file, and: directory) { (object, status) throws(FileSystemError) in
            if file.isPartial, try home.entry(plain, .file, in: directory) != nil {
                throw .failure("incomplete upload: it cannot replace a complete file; resume it first")
            }
            name = try home.storedName(plain, file.isPartial ? .partial : .file, in: directory)
            let replaced = try directory.status(name, on: home.volume)
            let placement = try home.placement(of: plain, over: replaced, existing, in: directory)
            try file.directory.move(file.name, to: directory, name, placement)
            if let replaced, placement == .replace, !replaced.isSameFile(as: status) { home.strike(replaced) }
            if !file.isPartial { home.removePartial(of: plain, in: directory) }
            home.book(try object.currentStatus(), after: status)
        }
        _ = try directory.synchronizeFile(name)
        try directory.synchronize()
        try file.directory.synchronize()
    }

    private func rename(
        directory found: ResolvedPath, to new: VirtualPath, existing: ExistingFile
    ) throws(FileSystemError) {
        if case .addOnly = view { throw .permissionDenied("a login by public key cannot rename directories") }
        let directory = try home.directory(new.parent)
        guard let name = new.name else { throw .failure("the home directory cannot be replaced") }
        try refuseOpenUploads(below: new)
        if home.mostLevels != nil, view != .plaintext {
            try home.refuseTooDeep(new, below: found.directory.directory(named: found.name).levels())
        }
        try home.withOwn(found, and: directory) { (_, _) throws(FileSystemError) in
            if try home.entry(name, .file, in: directory) != nil {
                throw .failure("a file of that name exists already")
            }
            let stored = try home.storedName(name, .directory, in: directory)
            let replaced = try directory.status(stored, on: home.volume)
            try found.directory.rename(found.name, to: directory, stored, existing: existing)
            if let replaced, existing == .replace, !replaced.isSameFile(as: found.status) { home.strike(replaced) }
        }
        try directory.synchronize()
        try found.directory.synchronize()
        for (path, upload) in uploads where path.isBelow(found.path) {
            uploads[path] = nil
            upload.path = path.moved(from: found.path, to: new)
            uploads[upload.path] = upload
        }
    }
}

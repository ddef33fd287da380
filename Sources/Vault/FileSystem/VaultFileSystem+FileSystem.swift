internal import Foundation
package import SFTP

extension VaultFileSystem: FileSystem {
    package func permit(_ need: Need) throws(FileSystemError) {
        switch need {
        case .readHandle, .writeHandle: return
        case .see(let path), .read(let path), .create(let path), .write(let path), .change(let path):
            if path.components.contains(where: StoredName.isReserved) {
                throw .permissionDenied("this name is the server's own")
            }
        }
        guard view != .plaintext else { return }
        switch need {
        case .write(let path):
            guard let name = path.name, let found = try entry(name, .file, in: directory(path.parent)) else { return }
            try permitChange(of: path, found.status)
        case .change(let path):
            guard let found = try resolveAnyForm(path) else { return }
            try permitChange(of: found.path, found.status)
            if found.isDirectory, try !isOwn(found.directory.directory(named: found.name), found.path) {
                throw .permissionDenied("other people's files are in the directory")
            }
        case .see, .read, .create, .readHandle, .writeHandle: return
        }
    }

    /// Whether all in a directory was put there by this session.
    private func isOwn(_ directory: Directory, _ path: VirtualPath) throws(FileSystemError) -> Bool {
        let names = try DirectoryStream(directory)
        while let name = try names.next() {
            guard let status = try directory.status(name) else { continue }
            let inside = path.appending(
                status.isDirectory ? StoredName.virtualOfDirectory(name) : StoredName.virtual(name) ?? name)
            guard own.contains(inside, status) else { return false }
            if status.isDirectory, try !isOwn(directory.directory(named: name), inside) { return false }
        }
        return true
    }

    private func permitChange(of path: VirtualPath, _ status: stat) throws(FileSystemError) {
        guard own.contains(path, status) else {
            throw .permissionDenied("a write-only account can change only what it has uploaded in this session")
        }
    }

    package func attributes(of path: VirtualPath) throws(FileSystemError) -> FileAttributes {
        if let upload = uploads[path] { return try upload.attributes() }
        let found = try require(path)
        return found.status.attributes(size: try size(of: found))
    }

    package func setAttributes(_ attributes: FileAttributes, of path: VirtualPath) throws(FileSystemError) {
        if let upload = uploads[path] { return try upload.setAttributes(attributes) }
        var found = try require(path)
        if let size = attributes.size, try size != self.size(of: found) {
            try truncate(found, to: size)
            found = try require(path)
        }
        try found.directory.set(attributes, on: found)
        if !path.isRoot, let status = try found.directory.status(found.name) { own.refresh(found.path, status) }
    }

    private func truncate(_ found: ResolvedPath, to size: UInt64) throws(FileSystemError) {
        guard !found.isDirectory else { throw .failure("it is a directory") }
        guard !found.isPartial else { throw .failure("incomplete upload: resume it, or send the file again") }
        let file = try open(found.path, size == 0 ? [.write, .truncate] : .write, FileAttributes())
        do throws(FileSystemError) {
            try file.setAttributes(FileAttributes(size: size))
        } catch {
            file.abandon()
            throw error
        }
        try file.close()
    }

    package func makeDirectory(_ path: VirtualPath, _ attributes: FileAttributes) throws(FileSystemError) {
        guard let name = path.name else { throw .failure("it exists already") }
        guard try resolveAnyForm(path) == nil, uploads[path] == nil else { throw .failure("it exists already") }
        try refuseStoredName(name)
        let directory = try directory(path.parent)
        let stored = try storedName(name, .directory, in: directory)
        try directory.makeDirectory(stored, mode: mode_t(attributes.permissions ?? 0o777) & 0o777)
        try directory.synchronize()
        if view != .plaintext, let status = try directory.status(stored) { own.add(path, status, size: nil) }
    }

    /// A stranger's directory must not lie where a file would be stored: nobody could send that file any more.
    private func refuseStoredName(_ name: [UInt8]) throws(FileSystemError) {
        guard view != .plaintext, StoredName.isStored(name) || StoredName.isPartial(name) else { return }
        throw .permissionDenied("a write-only account cannot have a directory of that name")
    }

    package func removeDirectory(_ path: VirtualPath) throws(FileSystemError) {
        guard !path.isRoot else { throw .failure("the home directory cannot be removed") }
        let found = try require(path)
        guard found.isDirectory else { throw .failure("it is not a directory") }
        try refuseOpenUploads(below: path)
        try found.directory.removeDirectory(found.name)
        try found.directory.synchronize()
        own.remove(path)
    }

    /// A directory with a file that is being written is not empty, although nothing of that file is in it yet.
    private func refuseOpenUploads(below path: VirtualPath) throws(FileSystemError) {
        guard uploads.keys.contains(where: { $0.isBelow(path) }) else { return }
        throw .failure("the directory is not empty: a file in it is being written")
    }

    package func remove(_ path: VirtualPath) throws(FileSystemError) {
        let upload = uploads[path]
        let found = try find(path)
        guard upload != nil || found != nil else { throw .noSuchFile("no such file") }
        if let found {
            guard !found.isDirectory else { throw .failure("it is a directory") }
            try found.directory.removeFile(found.name)
            if view == .plaintext, let name = path.name { removePartial(of: name, in: found.directory) }
            try found.directory.synchronize()
            own.remove(found.path)
        }
        upload?.discard()
        uploads[path] = nil
    }

    package func rename(_ old: VirtualPath, to new: VirtualPath, replacing: Bool) throws(FileSystemError) {
        guard !old.isRoot, !new.isRoot else { throw .failure("the home directory cannot be renamed") }
        guard !new.isBelow(old) else { throw .failure("a directory cannot be moved into itself") }
        let found = try find(old)
        let upload = uploads[found?.path ?? old]
        guard upload != nil || found != nil else { throw .noSuchFile("no such file or directory") }
        var new = new
        // Who renames a stored file by its stored name gives the new one likewise.
        if found?.isStoredName == true, let plain = new.name.flatMap(StoredName.virtual) {
            new = new.parent.appending(plain)
        }
        if (found?.path ?? old) == new { return }
        if uploads[new] != nil, !replacing || found?.isDirectory == true { throw .failure("it exists already") }
        if !replacing, try find(new) != nil { throw .failure("it exists already") }
        if let found, found.isDirectory {
            try rename(directory: found, to: new, replacing: replacing)
        } else {
            try rename(file: found, upload, to: new, replacing: replacing)
        }
    }

    private func rename(file: ResolvedPath?, _ upload: Upload?, to new: VirtualPath, replacing: Bool)
        throws(FileSystemError)
    {
        let (directory, name) = try target(new)
        if let file {
            try rename(file, to: directory, new, replacing: replacing)
        } else if !replacing, try directory.status(name) != nil {
            throw .failure("it exists already")
        }
        // What was being written under the new name goes on to nowhere, as an unlinked file does.
        uploads[new]?.discard()
        uploads[new] = nil
        if let upload {
            uploads[upload.path] = nil
            upload.retarget(new, directory, replacing: replacing)
            uploads[new] = upload
        }
    }

    private func rename(
        _ file: ResolvedPath, to directory: Directory, _ new: VirtualPath, replacing: Bool
    ) throws(FileSystemError) {
        guard let plain = new.name else { throw .failure("it is a directory") }
        if file.isPartial {
            // It stays what it is, and does not take the place of a whole file.
            guard try entry(plain, .file, in: directory) == nil else {
                throw .failure("incomplete upload: it cannot replace a complete file; resume it first")
            }
        }
        let name = try move(file, file.isPartial ? .partial : .file, to: directory, new, replacing: replacing)
        if !file.isPartial { removePartial(of: plain, in: directory) }
        let status = try directory.synchronizeFile(name)
        try directory.synchronize()
        try file.directory.synchronize()
        own.rename(file.path, to: new, status)
    }

    /// Gives what was found another name, in its turn.
    ///
    /// - Returns: the stored name it has now.
    private func move(
        _ found: ResolvedPath, _ kind: StoredName.Kind, to directory: Directory, _ new: VirtualPath, replacing: Bool
    ) throws(FileSystemError) -> [UInt8] {
        var name: [UInt8] = []
        try directory.locked { () throws(FileSystemError) in
            name = try storedName(new.name ?? [], kind, in: directory)
            let replaces = try mayReplace(new, directory.status(name, on: volume), replacing)
            try found.directory.rename(found.name, to: directory, name, replacing: replaces)
        }
        return name
    }

    /// Whether a rename may replace what is there: a write-only session only what is its own.
    private func mayReplace(
        _ path: VirtualPath, _ status: stat?, _ replacing: Bool
    ) throws(FileSystemError) -> Bool {
        guard view != .plaintext, replacing, let status else { return replacing && view == .plaintext }
        try permitChange(of: path, status)
        return true
    }

    private func rename(directory found: ResolvedPath, to new: VirtualPath, replacing: Bool) throws(FileSystemError) {
        let directory = try directory(new.parent)
        guard let name = new.name else { throw .failure("the home directory cannot be replaced") }
        if try entry(name, .file, in: directory) != nil { throw .failure("a file of that name exists already") }
        try refuseStoredName(name)
        try refuseOpenUploads(below: new)
        let stored = try move(found, .directory, to: directory, new, replacing: replacing)
        try directory.synchronize()
        try found.directory.synchronize()
        if let status = try directory.status(stored) { own.rename(found.path, to: new, status) }
        for (path, upload) in uploads where path.isBelow(found.path) {
            uploads[path] = nil
            upload.path = path.moved(from: found.path, to: new)
            uploads[upload.path] = upload
        }
    }

    package func statistics(of path: VirtualPath) throws(FileSystemError) -> FileSystemStatistics {
        try require(path).directory.statistics()
    }
}

extension Directory {
    /// Sets times, permissions and owner of what was found; the size is not this one's business.
    func set(_ attributes: FileAttributes, on found: ResolvedPath) throws(FileSystemError) {
        let name = found.name.isEmpty ? [UInt8(ascii: ".")] : found.name
        // Owners are kept where the file system and the system let us; a client that cannot expect it goes on.
        if let owner = attributes.owner {
            _ = name.withCString { fchownat(descriptor, $0, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) }
        }
        if let permissions = attributes.permissions {
            let result = name.withCString {
                fchmodat(descriptor, $0, mode_t(permissions & 0o777), AT_SYMLINK_NOFOLLOW)
            }
            // The last is what drivers in FUSE say that have no permissions.
            guard result == 0 || [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw FileSystemError(errno: errno)
            }
        }
        if let times = attributes.times {
            let result = name.withCString { utimensat(descriptor, $0, times.timespecs, AT_SYMLINK_NOFOLLOW) }
            guard result == 0 else { throw FileSystemError(errno: errno) }
        }
    }
}

extension FileAttributes.Times {
    /// Access and modification time as the system calls take them.
    var timespecs: [timespec] {
        [timespec(tv_sec: Int(access), tv_nsec: 0), timespec(tv_sec: Int(modification), tv_nsec: 0)]
    }
}

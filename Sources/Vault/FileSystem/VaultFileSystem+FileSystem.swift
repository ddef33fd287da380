internal import Foundation
package import SFTP

extension VaultFileSystem: FileSystem {
    package func attributes(of path: VirtualPath) throws(FileSystemError) -> FileAttributes {
        if let upload = uploads[path] { return try upload.attributes() }
        let found = try require(path)
        return found.status.attributes(size: try size(of: found))
    }

    package func setAttributes(_ attributes: FileAttributes, of path: VirtualPath) throws(FileSystemError) {
        if let upload = uploads[path] { return try upload.setAttributes(attributes, pending: { pending }) }
        var found = try require(path)
        // Before a size is set, which stores the file again.
        if attributes.size != nil { try home.requireOwn(found.status) }
        if let size = attributes.size, try size != self.size(of: found) {
            try truncate(found, to: size)
            found = try require(path)
        }
        try home.set(attributes, on: found)
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
        try refuseStoredName(name)
        let directory = try home.directory(path.parent)
        let mode = home.permitted(mode_t(attributes.permissions ?? 0o777) & 0o777, isDirectory: true)
        let room = home.reservation()
        try room?.grow(to: 0)
        try home.locked(directory) { () throws(FileSystemError) in
            guard try find(path) == nil, uploads[path] == nil else { throw .failure("it exists already") }
            let stored = try home.storedName(name, .directory, in: directory)
            try directory.makeDirectory(stored, mode: mode)
            room?.settle(0)
            if let status = try directory.status(stored) { home.book(stored: status) }
        }
        try directory.synchronize()
    }

    /// Refuses a session that shares the home a directory whose name is that of a stored file: it would block uploads of
    /// that file.
    func refuseStoredName(_ name: [UInt8]) throws(FileSystemError) {
        guard case .addOnly = view, StoredName.isStored(name) || StoredName.isPartial(name) else { return }
        throw .permissionDenied("a login by public key cannot make a directory of that name")
    }

    package func removeDirectory(_ path: VirtualPath) throws(FileSystemError) {
        guard !path.isRoot else { throw .failure("the home directory cannot be removed") }
        let found = try require(path)
        guard found.isDirectory else { throw .failure("it is not a directory") }
        try refuseOpenUploads(below: path)
        try home.withOwn(found) { (_, status) throws(FileSystemError) in
            try found.directory.removeDirectory(found.name)
            home.strike(status)
        }
        try found.directory.synchronize()
    }

    /// Refuses to remove or replace a directory in which a file is being written: the file is not in it yet.
    func refuseOpenUploads(below path: VirtualPath) throws(FileSystemError) {
        guard uploads.keys.contains(where: { $0.isBelow(path) }) else { return }
        throw .failure("the directory is not empty: a file in it is being written")
    }

    package func remove(_ path: VirtualPath) throws(FileSystemError) {
        let found = try find(path)
        guard uploads[path] != nil || found != nil else { throw .noSuchFile("no such file") }
        if let found {
            guard !found.isDirectory else { throw .failure("it is a directory") }
            try home.withOwn(found) { (_, status) throws(FileSystemError) in
                try found.directory.removeFile(found.name)
                home.strike(status)
                if let name = found.path.name { home.removePartial(of: name, in: found.directory) }
            }
            try found.directory.synchronize()
        }
        discardUpload(path)
    }

    package func statistics(of path: VirtualPath) throws(FileSystemError) -> FileSystemStatistics {
        let found = try require(path)
        return home.limited(try found.directory.statistics())
    }
}

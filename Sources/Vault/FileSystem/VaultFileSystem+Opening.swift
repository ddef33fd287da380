internal import Foundation
internal import OpenPGP
package import SFTP

/// OPEN and OPENDIR.
extension VaultFileSystem {
    package func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        guard !isStopping else { throw .failure("the server is stopping") }
        try transfers.admitFile()
        if flags.contains(.write) { return try openForWriting(path, flags, attributes) }
        if flags.contains(.create), uploads[path] == nil, try find(path) == nil {
            try openForWriting(path, [.write, .create, .exclusive], attributes).close()
        }
        return try openForReading(path)
    }

    private func openForReading(_ path: VirtualPath) throws(FileSystemError) -> any OpenFile {
        if view == .plaintext, let upload = uploads[path] { return UploadHandle(upload, .read, in: self) }
        guard let found = try find(path) else {
            throw .noSuchFile(uploads[path] == nil ? "no such file" : "the file is still being uploaded")
        }
        guard !found.isDirectory else { throw .failure("it is a directory") }
        guard !found.isPartial else {
            throw .failure("incomplete upload: it was cut off; resume it, or send the file again")
        }
        switch view {
        case .plaintext: return try PlaintextDownload(found, store, transfers)
        case .visit, .addOnly: return try CiphertextDownload(found, transfers)
        }
    }

    private func openForWriting(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        let (directory, name) = try target(path)
        let existing = try findToWrite(path, directory, name)
        if view == .addOnly(.refuse), let existing, !home.isOwn(existing.status) { throw .failure("it exists already") }
        if flags.contains(.exclusive), existing != nil || uploads[path] != nil { throw .failure("it exists already") }
        if let upload = uploads[path] {
            if flags.contains(.truncate) { try upload.truncate(to: 0, pending: { pending }) }
            return UploadHandle(upload, flags, in: self)
        }
        if existing == nil, !flags.contains(.create) { throw .noSuchFile("no such file") }
        if let reason = store.cryptor.unusable { throw .permissionDenied(reason) }
        let base = if let existing { try baseVersion(existing, flags) } else { BaseVersion?.none }
        let upload = try Upload(
            path, directory, over: base, flags, keptMode: existing.map { $0.status.st_mode & 0o777 },
            mode: mode_t(attributes.permissions ?? 0o666) & 0o777, home, store)
        if let size = attributes.size { try upload.expect(size, pending: { pending }) }
        uploads[path] = upload
        return UploadHandle(upload, flags, in: self)
    }

    /// The version that an upload without TRUNC changes; nil with TRUNC.
    private func baseVersion(
        _ existing: ResolvedPath, _ flags: OpenFlags
    ) throws(FileSystemError) -> BaseVersion? {
        guard !flags.contains(.truncate) else { return nil }
        let base = try BaseVersion(existing, view, store)
        if view != .plaintext {
            try refuseReadingBack(flags, base.contents.count)
        } else if flags.contains(.read) {
            try base.verifyFirst(store)
        }
        return base
    }

    /// Finds what has the name of a file that is to be written: a stored file, or a partial.
    private func findToWrite(
        _ path: VirtualPath, _ directory: Directory, _ name: [UInt8]
    ) throws(FileSystemError) -> ResolvedPath? {
        if let status = try directory.status(name) {
            guard status.isRegularFile else { throw .failure("it exists already, and is no stored file") }
            return ResolvedPath(directory: directory, name: name, status: status, path: path)
        }
        return view == .plaintext ? try find(path) : nil
    }

    /// Refuses flags for which stored bytes would have to be decrypted, which a write-only session cannot do.
    private func refuseReadingBack(_ flags: OpenFlags, _ count: UInt64) throws(FileSystemError) {
        guard count > 0, flags.contains(.read) || flags.contains(.append) else { return }
        throw .unsupported("a write-only account cannot continue a stored file: send it as a whole")
    }

    package func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory {
        let files = uploads.compactMap { filePath, upload in
            filePath.parent == path ? filePath.name.map { ($0, upload) } : nil
        }
        return try DirectoryListing(
            home.directory(path), path, uploads: Dictionary(uniqueKeysWithValues: files), user: userName, home, store)
    }
}

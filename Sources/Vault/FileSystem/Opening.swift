internal import Foundation
internal import OpenPGP
package import SFTP

/// What each OPEN means.
extension VaultFileSystem {
    package func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        guard !isStopping else { throw .failure("the server is stopping") }
        try admitFile()
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
        case .plaintext: return try PlaintextDownload(found, in: self)
        case .ciphertext: return try CiphertextDownload(found, in: self)
        }
    }

    private func openForWriting(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        let (directory, name) = try target(path)
        let existing = try findToWrite(path, directory, name)
        if flags.contains(.exclusive), existing != nil || uploads[path] != nil { throw .failure("it exists already") }
        if let upload = uploads[path] {
            if flags.contains(.truncate) { try upload.truncate(to: 0) }
            return UploadHandle(upload, flags, in: self)
        }
        if existing == nil, !flags.contains(.create) { throw .noSuchFile("no such file") }
        if let reason = cryptor.unusable { throw .permissionDenied(reason) }
        var older: BaseVersion?
        if let existing, !flags.contains(.truncate) {
            older = try BaseVersion(existing, in: self)
            if view != .plaintext {
                try refuseReadingBack(flags, older?.contents.count ?? 0)
            } else if flags.contains(.read) {
                try older?.verifyFirst(in: self)
            }
        }
        let upload = try Upload(
            path, directory, over: older, flags, replacing: existing?.status,
            mode: mode_t(attributes.permissions ?? 0o666) & 0o777, in: self)
        uploads[path] = upload
        return UploadHandle(upload, flags, in: self)
    }

    /// What is there under the name of a file to be written: a stored file, or an upload that was cut off.
    private func findToWrite(
        _ path: VirtualPath, _ directory: Directory, _ name: [UInt8]
    ) throws(FileSystemError) -> ResolvedPath? {
        if let status = try directory.status(name) {
            guard status.isRegularFile else { throw .failure("it exists already, and is no stored file") }
            return ResolvedPath(directory: directory, name: name, status: status, path: path)
        }
        return view == .plaintext ? try find(path) : nil
    }

    /// A write-only session has no key for what is stored already.
    private func refuseReadingBack(_ flags: OpenFlags, _ count: UInt64) throws(FileSystemError) {
        guard count > 0, flags.contains(.read) || flags.contains(.append) else { return }
        throw .unsupported("a write-only account cannot go on with a stored file: send it as a whole")
    }

    package func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory {
        try DirectoryListing(directory(path), path, in: self)
    }
}

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
        if flags.contains(.write) {
            guard !flags.contains(.read) else {
                throw .unsupported("a file cannot be open for reading and writing at once; open it for one of them")
            }
            return try openForWriting(path, flags, attributes)
        }
        return try openForReading(path)
    }

    private func openForReading(_ path: VirtualPath) throws(FileSystemError) -> any OpenFile {
        guard let found = try find(path) else {
            throw .noSuchFile(uploads[path] == nil ? "no such file" : "the file is still being uploaded")
        }
        guard !found.isFolder else { throw .failure("it is a folder") }
        switch view {
        case .plaintext: return try Download(found, in: self)
        case .ciphertext: return try StoredFile(found, in: self)
        }
    }

    private func openForWriting(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        let (folder, name) = try target(path)
        let existing = try folder.status(name)
        if let existing, !existing.isRegularFile { throw .failure("it exists already, and is no stored file") }
        if flags.contains(.exclusive), existing != nil || uploads[path] != nil { throw .failure("it exists already") }
        if existing == nil, uploads[path] == nil, !flags.contains(.create) { throw .noSuchFile("no such file") }
        if let reason = cryptor.unusable { throw .permissionDenied(reason) }
        if flags.contains(.append), !flags.contains(.truncate), existing != nil, try oldSize(path, folder, name) != 0 {
            throw .unsupported("a stored file cannot be appended to; send it as a whole")
        }
        let mode = existing.map(\.st_mode) ?? mode_t(attributes.permissions ?? 0o666)
        let draft = try Draft(in: data, mode: mode & 0o777)
        let upload = Upload(path, folder, name, draft, in: self)
        upload.isExclusive = flags.contains(.exclusive)
        upload.ignoresOffsets = flags.contains(.append)
        upload.keepsOldContents = existing != nil && !flags.contains(.truncate)
        uploads[path] = upload
        return upload
    }

    /// The plaintext size of the version that is there; one that cannot be told, of a damaged file say, is no size at all.
    func oldSize(_ path: VirtualPath, _ folder: Folder, _ name: [UInt8]) throws(FileSystemError) -> UInt64? {
        let (descriptor, status) = try folder.openFile(name)
        defer { close(descriptor) }
        // The gate lets a write-only session no further than to its own uploads, and those it knows.
        return view == .plaintext ? try? plaintextSize(descriptor, status) : own.size(path, status)
    }

    package func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory {
        try DirectoryListing(home.folder(path), path, in: self)
    }
}

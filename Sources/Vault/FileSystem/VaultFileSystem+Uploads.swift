internal import SFTP

/// The open uploads, and the consequences of their ends for the session.
extension VaultFileSystem {
    /// The bytes that open uploads will still write to the disk.
    var pending: UInt64 { uploads.values.reduce(0) { $0 + $1.pending } }

    /// Closes a handle on an upload, which stores what has been written.
    func close(_ upload: Upload, _ access: Upload.Access) throws(FileSystemError) {
        defer { release(upload, access) }
        if try upload.close(access) { try upload.continueFromStored() }
    }

    /// Ends a handle on an upload without a CLOSE.
    ///
    /// - Returns: what that means for the bytes that were written, for the log.
    func abandon(_ upload: Upload, _ access: Upload.Access) -> FileSystemError? {
        release(upload, access)
        return upload.reasonNotStored(access)
    }

    private func release(_ upload: Upload, _ access: Upload.Access) {
        if upload.release(access), uploads[upload.path] === upload { uploads[upload.path] = nil }
    }

    /// Discards the upload at a path, if there is one, as POSIX does with an unlinked open file.
    func discardUpload(_ path: VirtualPath) {
        uploads.removeValue(forKey: path)?.discard()
    }
}

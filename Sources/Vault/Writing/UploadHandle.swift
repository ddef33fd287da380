internal import SFTP

/// A client's handle on a file that is being written.
final class UploadHandle: OpenFile {
    private let upload: Upload
    private let fileSystem: VaultFileSystem
    private let flags: OpenFlags
    private let number: UInt64
    private var transferred: UInt64 = 0

    init(_ upload: Upload, _ flags: OpenFlags, in fileSystem: VaultFileSystem) {
        self.upload = upload
        self.fileSystem = fileSystem
        self.flags = flags
        let isWriter = flags.contains(.write)
        upload.retain(isWriter ? .writer : .reader)
        number = fileSystem.transfers.opened(upload.path, isWriter ? .upload : .download)
    }

    private var access: Upload.Access { flags.contains(.write) ? .writer : .reader }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        guard offset < upload.count else {
            try upload.confirmEnd()
            throw .endOfFile
        }
        let length = Int(min(UInt64(count), upload.count - offset))
        try buffer.append(upTo: length) { bytes throws(FileSystemError) in
            try upload.read(at: offset, into: bytes)
            return length
        }
        transferred += UInt64(length)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        // With APPEND every WRITE goes to the end, whatever its offset is: libssh2 counts from 0.
        try upload.write(
            bytes, at: flags.contains(.append) ? upload.count : offset, pending: { fileSystem.pending })
        transferred += UInt64(bytes.count)
    }

    func attributes() throws(FileSystemError) -> FileAttributes { try upload.attributes() }

    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        try upload.setAttributes(attributes, pending: { fileSystem.pending })
    }

    func synchronize() throws(FileSystemError) { try upload.synchronize() }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try upload.statistics() }

    func close() throws(FileSystemError) {
        do throws(FileSystemError) {
            try fileSystem.close(upload, access)
        } catch {
            end(error)
            throw error
        }
        end(nil)
    }

    func abandon() {
        end(fileSystem.abandon(upload, access))
    }

    private func end(_ error: FileSystemError?) {
        let direction: TransferEvent.Direction = access == .writer ? .upload : .download
        fileSystem.transfers.closed(number, upload.path, direction, bytes: transferred, error)
    }
}

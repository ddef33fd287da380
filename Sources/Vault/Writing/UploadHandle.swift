internal import SFTP

/// One OPEN's handle on a file being written.
final class UploadHandle: OpenFile {
    private let upload: Upload
    private let vault: VaultFileSystem
    private let flags: OpenFlags
    private let number: UInt64
    private var transferred: UInt64 = 0

    init(_ upload: Upload, _ flags: OpenFlags, in vault: VaultFileSystem) {
        self.upload = upload
        self.vault = vault
        self.flags = flags
        upload.retain(isWriter: flags.contains(.write))
        number = vault.opened(upload.path, flags.contains(.write) ? .upload : .download)
    }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        guard offset < upload.count else {
            try upload.confirmEnd()
            throw .endOfFile
        }
        let length = Int(min(UInt64(count), upload.count - offset))
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: length))
        try buffer.withUnsafeMutableBufferPointer { buffer throws(FileSystemError) in
            try upload.read(
                at: offset, into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[start...])))
        }
        transferred += UInt64(length)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        // APPEND: every write goes to the end, wherever the client says (libssh2 counts from 0).
        try upload.write(bytes, at: flags.contains(.append) ? upload.count : offset)
        transferred += UInt64(bytes.count)
    }

    func attributes() throws(FileSystemError) -> FileAttributes { try upload.attributes() }

    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        try upload.setAttributes(attributes)
    }

    func synchronize() throws(FileSystemError) { try upload.synchronize() }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try upload.statistics() }

    func close() throws(FileSystemError) {
        do throws(FileSystemError) {
            try upload.close(isWriter: flags.contains(.write))
        } catch {
            end(error)
            throw error
        }
        end(nil)
    }

    func abandon() {
        end(upload.abandon(isWriter: flags.contains(.write)))
    }

    private func end(_ error: FileSystemError?) {
        vault.closed(number, upload.path, flags.contains(.write) ? .upload : .download, bytes: transferred, error)
    }
}

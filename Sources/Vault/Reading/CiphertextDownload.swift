internal import Foundation
internal import SFTP

/// A stored file being read as it is: what a write-only session gets.
final class CiphertextDownload: OpenFile {
    private let vault: VaultFileSystem
    private let found: ResolvedPath
    private let file: OwnedDescriptor
    private let status: stat
    private let number: UInt64
    private var bytesRead: UInt64 = 0

    init(_ found: ResolvedPath, in vault: VaultFileSystem) throws(FileSystemError) {
        self.vault = vault
        self.found = found
        (file, status) = try found.directory.openFile(found.name)
        number = vault.opened(found.path, .download)
    }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        guard let start = off_t(exactly: offset) else { throw .endOfFile }
        let end = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: count))
        var filled = 0
        while filled < count {
            let got = buffer.withUnsafeMutableBytes {
                pread(file.raw, $0.baseAddress.map { $0 + end + filled }, count - filled, start &+ off_t(filled))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw FileSystemError(errno: errno) }
            if got == 0 { break }
            filled += got
        }
        buffer.removeLast(count - filled)
        bytesRead += UInt64(filled)
        if filled == 0 { throw .endOfFile }
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        throw .permissionDenied("the file was not opened for writing")
    }

    func attributes() throws(FileSystemError) -> FileAttributes {
        status.attributes(size: UInt64(clamping: status.st_size))
    }

    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        throw .permissionDenied("the file was not opened for writing")
    }

    func synchronize() throws(FileSystemError) {}

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try found.directory.statistics() }

    func close() throws(FileSystemError) { abandon() }

    func abandon() { vault.closed(number, found.path, .download, bytes: bytesRead, nil) }
}

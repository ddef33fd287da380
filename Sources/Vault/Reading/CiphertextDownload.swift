internal import Foundation
internal import Platform
internal import SFTP

/// A download of the stored message itself, for write-only sessions.
final class CiphertextDownload: OpenFile {
    private let found: ResolvedPath
    private let transfers: TransferReports
    private let file: OwnedDescriptor
    private let status: stat
    private let number: UInt64
    private var bytesRead: UInt64 = 0

    init(_ found: ResolvedPath, _ transfers: TransferReports) throws(FileSystemError) {
        self.found = found
        self.transfers = transfers
        (file, status) = try found.directory.openFile(found.name)
        number = transfers.opened(found.path, .download)
    }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        guard off_t(exactly: offset) != nil else { throw .endOfFile }
        let start = buffer.count
        try buffer.append(upTo: count) { bytes throws(FileSystemError) in
            try FileSystemError.translating(system: FileIO.read(file.raw, at: offset, into: bytes))
        }
        guard buffer.count > start else { throw .endOfFile }
        bytesRead += UInt64(buffer.count - start)
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

    func abandon() { transfers.closed(number, found.path, .download, bytes: bytesRead, nil) }
}

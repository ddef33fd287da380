internal import Foundation
internal import OpenPGP
internal import Platform
internal import SFTP

/// A download of the plaintext of a stored file.
///
/// A large file that is read from its start is streamed. A READ at another offset, and any READ of a file that is not
/// large, makes the message be verified as a whole first. The download stays on the version that was opened.
final class PlaintextDownload: OpenFile {
    private let found: ResolvedPath
    private let store: MessageStore
    private let transfers: TransferReports
    private let file: OwnedDescriptor
    private let status: stat
    private let contents: DecryptedContents
    private var position: UInt64 = 0
    private var decryption: (any Decryption)?
    private var isSeeking: Bool
    private var bytes: UInt64 = 0
    private var failure: FileSystemError?
    private let number: UInt64

    init(_ found: ResolvedPath, _ store: MessageStore, _ transfers: TransferReports) throws(FileSystemError) {
        self.found = found
        self.store = store
        self.transfers = transfers
        // The file is opened once, so that its size and its bytes are those of one version.
        (file, status) = try found.directory.openFile(found.name, seen: found.status)
        let size = try FileSystemError.translating(
            openPGP: store.plaintextSize(file.raw, status, isPartial: found.isPartial))
        contents = DecryptedContents(file, status, count: size, isPartial: found.isPartial, in: store)
        isSeeking = store.isVerified(FileVersion(status))
        number = transfers.opened(found.path, .download)
        do throws(FileSystemError) {
            try verifyFirst()
        } catch {
            failure = error
            end()
            throw error
        }
    }

    /// Verifies a file that is not large at OPEN, because a client may read only its first bytes.
    ///
    /// An error at the first READ would be too late: sshfs takes it for the end of the file. A message without random
    /// access has already been decrypted as a whole for its size.
    private func verifyFirst() throws(FileSystemError) {
        if !isSeeking, UInt64(clamping: status.st_size) <= store.verifiedFirst {
            isSeeking =
                try FileSystemError.translating(openPGP: store.verifiedMessage(file, FileVersion(status))) != nil
        }
        // A client may copy an empty file without a READ.
        var none: [UInt8] = []
        if isSeeking { try seek(0, 0, into: &none) } else if size == 0 { try advance(0, into: &none) }
    }

    private var size: UInt64 { contents.count }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        if let failure { throw failure }
        // The end of the file has to be verified too: it may be all that a client asks for.
        let length = Int(min(UInt64(count), size - min(offset, size)))
        if !isSeeking, offset != position, length > 0 || position != size {
            isSeeking = true
            decryption?.cancel()
            decryption = nil
        }
        if isSeeking { try seek(offset, length, into: &buffer) } else { try advance(length, into: &buffer) }
        bytes += UInt64(length)
        if length == 0 { throw .endOfFile }
    }

    private func seek(_ offset: UInt64, _ count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        do throws(FileSystemError) {
            try buffer.append(upTo: count) { bytes throws(FileSystemError) in
                try contents.read(at: offset, into: bytes)
                return count
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Appends the next `count` bytes; at the end of the file, only after the MDC has been checked.
    private func advance(_ count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        do throws(OpenPGPError) {
            let decryption = try startedDecryption()
            let start = buffer.count
            try buffer.append(upTo: count) { bytes throws(OpenPGPError) in try decryption.read(into: bytes) }
            guard buffer.count - start == count else {
                throw OpenPGPError(.message, "the stored file is shorter than its framing says")
            }
            position += UInt64(count)
            if position == size { try expectEnd(decryption) }
        } catch {
            let mapped = FileSystemError(error)
            failure = mapped
            throw mapped
        }
    }

    private func startedDecryption() throws(OpenPGPError) -> any Decryption {
        if let decryption { return decryption }
        let started = try store.cryptor.decrypt(file.raw, isPartial: found.isPartial)
        decryption = started
        return started
    }

    private func expectEnd(_ decryption: any Decryption) throws(OpenPGPError) {
        var more: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &more) { byte throws(OpenPGPError) in
            try decryption.read(into: byte)
        }
        guard count == 0 else { throw OpenPGPError(.message, "the stored file is longer than its framing says") }
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        throw .permissionDenied("the file was not opened for writing")
    }

    func attributes() throws(FileSystemError) -> FileAttributes { status.attributes(size: size) }

    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        throw .permissionDenied("the file was not opened for writing")
    }

    func synchronize() throws(FileSystemError) {}

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try found.directory.statistics() }

    func close() throws(FileSystemError) { end() }

    func abandon() { end() }

    private func end() {
        decryption?.cancel()
        transfers.closed(number, found.path, .download, bytes: bytes, failure)
    }
}

internal import Foundation
internal import OpenPGP
internal import SFTP

/// A stored file being read as plaintext.
///
/// As long as a large one is read from its start to its end it is streamed; a read elsewhere, and any read of one that
/// is not large, has it verified as a whole first. What is written to that name after it was opened does not show here.
final class PlaintextDownload: OpenFile {
    private let vault: VaultFileSystem
    private let found: ResolvedPath
    private let file: OwnedDescriptor
    private let status: stat
    private let contents: DecryptedContents
    private var position: UInt64 = 0
    private var decryption: (any Decryption)?
    private var isSeeking: Bool
    private var bytes: UInt64 = 0
    private var failure: FileSystemError?
    private let number: UInt64

    init(_ found: ResolvedPath, in vault: VaultFileSystem) throws(FileSystemError) {
        self.vault = vault
        self.found = found
        // Opened once: what is asked of it now and what is read later are of the same version.
        (file, status) = try found.directory.openFile(found.name, seen: found.status)
        let size: UInt64
        do throws(OpenPGPError) { size = try vault.plaintextSize(file.raw, status) } catch { throw .init(error) }
        contents = DecryptedContents(file, status, count: size, in: vault)
        isSeeking = vault.isVerified(FileVersion(status))
        number = vault.opened(found.path, .download)
        do throws(FileSystemError) {
            try verifyFirst()
        } catch {
            failure = error
            end()
            throw error
        }
    }

    /// Verifies a file that is not large before anything is read of it: a client may ask for its first bytes only.
    ///
    /// Not at the first READ, because sshfs takes an error there for the end of the file. What cannot be verified that
    /// way has been decrypted as a whole to know its size.
    private func verifyFirst() throws(FileSystemError) {
        if !isSeeking, UInt64(clamping: status.st_size) <= vault.verifiedFirst {
            do throws(OpenPGPError) {
                isSeeking = try vault.verifiedMessage(file, FileVersion(status)) != nil
            } catch {
                throw FileSystemError(error)
            }
        }
        // A client that is told of no bytes asks for none, and has a file without having read it.
        var none: [UInt8] = []
        if isSeeking { try seek(0, 0, into: &none) } else if size == 0 { try advance(0, into: &none) }
    }

    private var size: UInt64 { contents.count }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        if let failure { throw failure }
        // That the file ends at its size has to be verified too: a client may ask for nothing else.
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
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: count))
        do throws(FileSystemError) {
            try buffer.withUnsafeMutableBufferPointer { bytes throws(FileSystemError) in
                try contents.read(
                    at: offset,
                    into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[start...])))
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Appends the next `count` bytes; at the end of the file, only once the message has proved intact.
    private func advance(_ count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        do throws(OpenPGPError) {
            let decryption = try startedDecryption()
            let start = buffer.count
            buffer.append(contentsOf: repeatElement(0, count: count))
            let got = try buffer.withUnsafeMutableBufferPointer { bytes throws(OpenPGPError) in
                try decryption.read(
                    into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[start...])))
            }
            guard got == count else { throw OpenPGPError(.message, "the stored file is shorter than its framing says") }
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
        let started = try vault.cryptor.decrypt(file.raw)
        decryption = started
        return started
    }

    private func expectEnd(_ decryption: any Decryption) throws(OpenPGPError) {
        var more: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &more) { byte throws(OpenPGPError) in try decryption.read(into: byte)
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
        vault.closed(number, found.path, .download, bytes: bytes, failure)
    }
}

internal import Foundation
internal import OpenPGP
internal import SFTP

/// The version of a file that is there when it is opened to be changed.
///
/// It is held open, so that no other file gets its inode number meanwhile.
struct BaseVersion {
    let status: stat
    let contents: any Contents
    /// Whether it is an upload that was cut off.
    let isPartial: Bool
    private let file: OwnedDescriptor

    /// Opens what was found.
    ///
    /// That it is damaged, or not this session's to read, shows only when its bytes are needed.
    init(_ found: ResolvedPath, in vault: VaultFileSystem) throws(FileSystemError) {
        (file, status) = try found.directory.openToChange(found.name)
        isPartial = found.isPartial
        switch vault.view {
        case .ciphertext:
            // The gate lets a write-only session no further than to its own uploads, and those it knows.
            let count = vault.own.size(found.path, status) ?? 0
            contents = UnreadableContents(
                count: count,
                .unsupported("a write-only account cannot read back what it has sent: send the file as a whole"))
        case .plaintext: contents = BaseVersion.plaintext(file, status, in: vault)
        }
    }

    private static func plaintext(_ file: OwnedDescriptor, _ status: stat, in vault: VaultFileSystem) -> any Contents {
        do throws(FileSystemError) {
            let size: UInt64
            do throws(OpenPGPError) { size = try vault.plaintextSize(file.raw, status) } catch { throw .init(error) }
            let contents = DecryptedContents(file, status, count: size, in: vault)
            // Of one without bytes none will be read, which would verify it.
            if size == 0 { try contents.read(at: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) }
            return contents
        } catch {
            return UnreadableContents(count: UInt64(clamping: status.st_size), error)
        }
    }

    /// Verifies one that is not large, before it is read.
    func verifyFirst(in vault: VaultFileSystem) throws(FileSystemError) {
        guard UInt64(clamping: status.st_size) <= vault.verifiedFirst else { return }
        try contents.read(at: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }

    func isSameFile(as other: stat) -> Bool { status.st_dev == other.st_dev && status.st_ino == other.st_ino }
}

/// Bytes that are there and cannot be had: a file can only be replaced over them.
final class UnreadableContents: Contents {
    let count: UInt64
    private let reason: FileSystemError

    init(count: UInt64, _ reason: FileSystemError) {
        self.count = count
        self.reason = reason
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) { throw reason }
}

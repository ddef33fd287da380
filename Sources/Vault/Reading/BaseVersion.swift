internal import Foundation
internal import OpenPGP
internal import Platform
internal import SFTP

/// The version of a stored file on which changes in place are based.
///
/// The file is held open, so that no other file gets its inode number, and has a shared lock against re-encryption.
struct BaseVersion {
    let status: stat
    let contents: any Contents
    /// Whether this is the partial of an interrupted upload.
    let isPartial: Bool
    private let lock: FileLock

    /// Opens a stored file.
    ///
    /// That the file is damaged, or not encrypted to this session's key, is not an error here, but when its bytes are
    /// read: such a file can still be replaced.
    init(
        _ found: ResolvedPath, _ view: View, _ store: MessageStore
    ) throws(FileSystemError) {
        let file: OwnedDescriptor
        (file, status, lock) = try found.directory.openToChange(found.name)
        isPartial = found.isPartial
        switch view {
        case .visit, .addOnly:
            contents = UnreadableContents(
                count: try store.sizeWithoutKey(file, status),
                .unsupported("a write-only account cannot read back what it has sent: send the file as a whole"))
        case .plaintext: contents = BaseVersion.plaintext(file, status, store, isPartial)
        }
    }

    private static func plaintext(
        _ file: OwnedDescriptor, _ status: stat, _ store: MessageStore, _ isPartial: Bool
    ) -> any Contents {
        do throws(FileSystemError) {
            let size = try FileSystemError.translating(
                openPGP: store.plaintextSize(file.raw, status, isPartial: isPartial))
            let contents = DecryptedContents(file, status, count: size, isPartial: isPartial, in: store)
            // An empty file is never read, and reading is what verifies the others.
            if size == 0 { try contents.verify() }
            return contents
        } catch {
            return UnreadableContents(count: UInt64(clamping: status.st_size), error)
        }
    }

    /// Verifies the file before any of it is read, unless it is larger than ``MessageStore/verifiedFirst``.
    func verifyFirst(_ store: MessageStore) throws(FileSystemError) {
        guard UInt64(clamping: status.st_size) <= store.verifiedFirst else { return }
        try contents.verify()
    }
}

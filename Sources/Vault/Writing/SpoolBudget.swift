internal import SFTP
internal import Secrets

/// The limit of the disk space that all spools of one session may use, counted in sealed blocks.
final class SpoolBudget {
    private var blocks: UInt64

    /// - Parameter bytes: rounded down to whole sealed blocks.
    init(bytes: UInt64) {
        blocks = bytes / UInt64(SealedFile.slotSize)
    }

    /// Takes room for one block.
    ///
    /// - Throws: ``SFTP/FileSystemError/failure(_:)`` when there is none left.
    func acquire() throws(FileSystemError) {
        guard blocks > 0 else {
            throw .failure(
                "too much is being changed in place: close some files, or raise spool_megabytes in server.conf")
        }
        blocks -= 1
    }

    /// Returns the room of `count` blocks.
    func release(_ count: UInt64) { blocks += count }
}

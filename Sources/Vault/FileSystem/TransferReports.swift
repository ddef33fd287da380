internal import SFTP

/// The transfers of a session: it counts open files and reports each file that is opened and closed.
final class TransferReports {
    private let report: (TransferEvent) -> Void
    private var openFiles = 0
    /// The number of the last transfer.
    private var transfers: UInt64 = 0

    /// The most files that may be open at a time: each can have a gpg process, a thread and a few descriptors.
    private static let mostOpenFiles = 64

    init(_ report: @escaping (TransferEvent) -> Void) {
        self.report = report
    }

    /// Checks that one more file may be opened.
    ///
    /// - Throws: ``SFTP/FileSystemError/failure(_:)`` when too many are open.
    func admitFile() throws(FileSystemError) {
        guard openFiles < TransferReports.mostOpenFiles else {
            throw .failure("\(TransferReports.mostOpenFiles) files are open: close some first")
        }
    }

    /// Reports a file that was opened.
    ///
    /// - Returns: the transfer's number, for ``closed(_:_:_:bytes:_:)``.
    func opened(_ path: VirtualPath, _ direction: TransferEvent.Direction) -> UInt64 {
        openFiles += 1
        transfers += 1
        report(.opened(number: transfers, path, direction))
        return transfers
    }

    func closed(
        _ number: UInt64, _ path: VirtualPath, _ direction: TransferEvent.Direction, bytes: UInt64,
        _ error: FileSystemError?
    ) {
        openFiles -= 1
        report(.closed(number: number, path, direction, bytes: bytes, error))
    }
}

package import SFTP

/// The start or the end of a transfer, for the log and for the listener's list of pending transfers.
package enum TransferEvent {
    /// - Parameter number: the number of the transfer in its session.
    case opened(number: UInt64, VirtualPath, Direction)
    /// - Parameter bytes: bytes of the file as the client sees it.
    case closed(number: UInt64, VirtualPath, Direction, bytes: UInt64, FileSystemError?)

    package enum Direction: String, Sendable {
        case upload
        case download
    }
}

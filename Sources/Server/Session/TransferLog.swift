internal import Logging
internal import SFTP
internal import Vault

/// Writes the transfers of a session to the log, and tells the listener which are open.
struct TransferLog {
    let link: ListenerLink
    let log: Logger

    /// Characters of a path that the listener is told: a path can be 4 KiB long.
    private static let longestPath = 200

    func report(_ event: TransferEvent) {
        switch event {
        case .opened(let number, let path, let direction):
            let path = path.description.prefix(TransferLog.longestPath)
            link.send(.opened(number, "\(direction.rawValue) \(path)"))
        case .closed(let number, let path, let direction, let bytes, let error):
            link.send(.closed(number))
            var metadata: Logger.Metadata = ["file_path": "\(path)", "size_bytes": "\(bytes)"]
            if let error {
                metadata["error"] = "\(error.message)"
                log.warning("\(direction.rawValue) failed", metadata: metadata)
            } else {
                log.info("\(direction.rawValue)", metadata: metadata)
            }
        }
    }
}

internal import Foundation
internal import SFTP

/// What a session may change, and the books about it.
extension HomeDirectory {
    /// Whether this session may change an object.
    ///
    /// - Parameter status: taken from a descriptor, or under the lock of the object's directory.
    func isOwn(_ status: stat) -> Bool {
        switch view {
        case .plaintext, .visit: true
        case .addOnly: ledger?.booking(of: FileIdentity(status)).isOwn ?? false
        }
    }

    /// Checks that this session may change an object.
    func requireOwn(_ status: stat) throws(FileSystemError) {
        guard !isOwn(status) else { return }
        throw .permissionDenied(
            "a login by public key can change only what it has uploaded in the last 15 minutes; it can add files")
    }

    /// Books a file or directory that this session has just stored.
    ///
    /// - Parameters:
    ///   - size: the plaintext size of a file in bytes.
    ///   - isAmbiguous: whether the size does not follow from the stored size.
    func book(stored status: stat, size: UInt64? = nil, isAmbiguous: Bool = false) {
        switch view {
        case .plaintext: break
        case .visit: if isAmbiguous { ledger?.book(FileIdentity(status), after: nil, size: size) }
        case .addOnly: ledger?.book(FileIdentity(status), after: nil, size: size)
        }
    }

    /// Follows a change that this session has made to an object.
    func book(_ status: stat, after former: stat) {
        guard view != .plaintext, !status.isDirectory else { return }
        ledger?.book(FileIdentity(status), after: FileIdentity(former), size: nil)
    }

    /// Follows the end of an object that this session has removed or replaced.
    func strike(_ status: stat) {
        guard let ledger, status.isDirectory || status.st_nlink <= 1 else { return }
        ledger.removed(
            FileIdentity(status),
            Usage(bytes: status.isDirectory ? 0 : UInt64(clamping: status.st_size), objects: 1))
    }

    /// The figures of the file system, as far as this session may use them.
    func limited(_ figures: FileSystemStatistics) -> FileSystemStatistics {
        guard view != .plaintext, let room = ledger?.room() else { return figures }
        var figures = figures
        let block = max(figures.fragmentSize, 1)
        if let most = room.most { figures.blocks = min(figures.blocks, most / block) }
        figures.freeBlocks = min(figures.freeBlocks, room.free / block)
        figures.availableBlocks = min(figures.availableBlocks, room.free / block)
        if let objects = room.freeObjects {
            figures.freeFiles = min(figures.freeFiles, objects)
            figures.availableFiles = min(figures.availableFiles, objects)
        }
        return figures
    }

    /// Room for a new object; nil for the owner, who has no budget.
    func reservation() -> Reservation? {
        guard view != .plaintext, let ledger else { return nil }
        return Reservation(from: ledger)
    }

    /// Permissions as a session may set them: the owner of the files can always read and write them.
    func permitted(_ mode: mode_t, isDirectory: Bool) -> mode_t {
        view == .plaintext ? mode : mode | (isDirectory ? 0o700 : 0o600)
    }

    /// Refuses an object so deep in the tree that tools have trouble with it.
    ///
    /// - Parameter below: the levels of directories below the object.
    func refuseTooDeep(_ path: VirtualPath, below: Int = 0) throws(FileSystemError) {
        guard let mostLevels, view != .plaintext, path.components.count + below > mostLevels else { return }
        throw .failure("the directories are too deep: no more than \(mostLevels) levels, by max_depth")
    }
}

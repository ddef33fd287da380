internal import Foundation
package import OpenPGP
package import SFTP

/// One session's home: virtual files over stored ones.
///
/// Sizes, reads and names depend on the ``View``; drafts, renames and folders do not. The calls are those of
/// ``SFTP/FileSystem``, and come from one thread.
package final class VaultFileSystem {
    package let userName: String
    let view: View
    let home: Folder
    let data: Folder
    let cryptor: Cryptor
    let report: (TransferEvent) -> Void
    var own = OwnObjects()
    var uploads: [VirtualPath: Upload] = [:]
    /// Files open now: each may have a gpg of its own.
    fileprivate var openFiles = 0
    /// Files opened until now.
    fileprivate var transfers = 0
    /// Whether the server is about to stop: open files go on, no more are opened.
    package var isStopping = false
    private var sizes = SizeCache()

    /// - Parameters:
    ///   - data: the data folder, for drafts.
    ///   - home: the root of all that the session sees.
    ///   - report: told of each file opened and closed, for the log.
    package init(
        user: String, view: View, data: Folder, home: Folder, cryptor: Cryptor,
        report: @escaping (TransferEvent) -> Void
    ) {
        userName = user
        self.view = view
        self.data = data
        self.home = home
        self.cryptor = cryptor
        self.report = report
    }

    /// The size a stored file has for this session, at its path.
    ///
    /// - Throws: what kept it from being told; a damaged file has its stored size.
    func size(of found: Found) throws(FileSystemError) -> UInt64 {
        let stored = UInt64(clamping: found.status.st_size)
        if found.isFolder { return stored }
        switch view {
        case .ciphertext:
            return found.isStoredName ? stored : own.size(found.path, found.status) ?? stored
        case .plaintext:
            let (descriptor, status) = try found.folder.openFile(found.name)
            defer { close(descriptor) }
            do throws(OpenPGPError) {
                return try plaintextSize(descriptor, status)
            } catch {
                // A damaged file must still be listed. It cannot be opened, so its size deceives nobody.
                guard error.code == .message else { throw FileSystemError(error) }
                return stored
            }
        }
    }

    /// The exact plaintext size, from the cache if the file has not changed.
    func plaintextSize(_ descriptor: Int32, _ status: stat) throws(OpenPGPError) -> UInt64 {
        if let size = sizes[status] { return size }
        let size = try cryptor.plaintextCount(descriptor, count: UInt64(clamping: status.st_size))
        sizes[status] = size
        return size
    }

    /// Remembers what an upload has just stored.
    func published(_ upload: Upload, _ status: stat) {
        if view != .plaintext { own.add(upload.path, status, size: upload.written) }
        sizes[status] = upload.written
    }
}

extension VaultFileSystem {
    /// Files that may be open at once; each can have a gpg, a thread and a few descriptors.
    private static let mostOpenFiles = 64

    /// Lets one more file be opened.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` when too many are open.
    func admitFile() throws(FileSystemError) {
        guard openFiles < VaultFileSystem.mostOpenFiles else {
            throw .failure("\(VaultFileSystem.mostOpenFiles) files are open: close some first")
        }
    }

    /// Reports a file that was opened.
    ///
    /// - Returns: the transfer's number, for ``closed(_:_:_:bytes:_:)``.
    func opened(_ path: VirtualPath, _ direction: TransferEvent.Direction) -> Int {
        openFiles += 1
        transfers += 1
        report(.opened(number: transfers, path, direction))
        return transfers
    }

    func closed(
        _ number: Int, _ path: VirtualPath, _ direction: TransferEvent.Direction, bytes: UInt64,
        _ error: FileSystemError?
    ) {
        openFiles -= 1
        report(.closed(number: number, path, direction, bytes: bytes, error))
    }
}

/// What the log and the listener's farewell need to know of a transfer.
package enum TransferEvent {
    /// - Parameter number: the same for the end of this transfer, and of no other.
    case opened(number: Int, VirtualPath, Direction)
    /// - Parameter bytes: octets of the file as the client sees it.
    case closed(number: Int, VirtualPath, Direction, bytes: UInt64, FileSystemError?)

    package enum Direction: String, Sendable {
        case upload
        case download
    }
}

/// Plaintext sizes already worked out, by what the file was then.
private struct SizeCache {
    private struct Key: Hashable {
        let identity: OwnObjects.Identity
        let size: off_t
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            identity = OwnObjects.Identity(status)
            size = status.st_size
            // The change time: a file that is replaced or rewritten gets a new one, also when its mtime is set back.
            seconds = status.st_ctim.tv_sec
            nanoseconds = status.st_ctim.tv_nsec
        }
    }

    /// Bounds the memory; a full cache starts anew.
    private static let capacity = 100_000
    private var sizes: [Key: UInt64] = [:]

    subscript(status: stat) -> UInt64? {
        get { sizes[Key(status)] }
        set {
            if sizes.count >= SizeCache.capacity { sizes = [:] }
            sizes[Key(status)] = newValue
        }
    }
}

extension FileSystemError {
    /// What a failed OpenPGP operation means for the client.
    init(_ error: OpenPGPError) {
        switch error.code {
        case .inputOutput where error.errno != 0: self = FileSystemError(errno: error.errno)
        case .key: self = .permissionDenied(error.description)
        default: self = .failure(error.description)
        }
    }
}

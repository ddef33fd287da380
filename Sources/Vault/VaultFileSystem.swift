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
    func size(of found: Found) -> UInt64 {
        let stored = UInt64(clamping: found.status.st_size)
        if found.isFolder { return stored }
        switch view {
        case .ciphertext:
            return found.isStoredName ? stored : own.size(found.path, found.status) ?? stored
        case .plaintext:
            // A damaged file must still be listed. It cannot be opened, so its size deceives nobody.
            return (try? plaintextSize(found.folder, found.name, found.status)) ?? stored
        }
    }

    /// The exact plaintext size, from the cache if the file has not changed.
    func plaintextSize(_ folder: Folder, _ name: [UInt8], _ status: stat) throws(FileSystemError) -> UInt64 {
        if let size = sizes[status] { return size }
        let descriptor = try folder.openFile(name)
        defer { close(descriptor) }
        do throws(OpenPGPError) {
            let size = try cryptor.plaintextCount(descriptor, count: UInt64(clamping: status.st_size))
            sizes[status] = size
            return size
        } catch {
            throw FileSystemError(error)
        }
    }

    /// Remembers what an upload has just stored.
    func published(_ upload: Upload, _ status: stat) {
        own.add(upload.path, status, size: upload.written)
        sizes[status] = upload.written
    }
}

/// What the log and the listener's farewell need to know of a transfer.
package enum TransferEvent {
    case opened(VirtualPath, Direction)
    /// - Parameter bytes: octets of the file as the client sees it.
    case closed(VirtualPath, Direction, bytes: UInt64, FileSystemError?)

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

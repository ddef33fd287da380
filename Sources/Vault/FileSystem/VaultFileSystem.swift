private import CLinux
internal import Foundation
package import OpenPGP
package import SFTP

/// One session's home: virtual files over stored ones.
///
/// Sizes, reads and names depend on the ``View``; drafts, renames and directories do not. The calls are those of
/// ``SFTP/FileSystem``, and come from one thread.
package final class VaultFileSystem {
    package let userName: String
    let view: View
    let home: Directory
    let data: Directory
    let volume: Volume
    let cryptor: Cryptor
    let report: (TransferEvent) -> Void
    var own = OwnObjects()
    var uploads: [VirtualPath: Upload] = [:]
    /// Files open now: each may have a gpg of its own.
    fileprivate var openFiles = 0
    /// Files opened until now.
    fileprivate var transfers: UInt64 = 0
    /// Whether the server is about to stop: open files go on, no more are opened.
    package var isStopping = false
    private var sizes = VersionCache<UInt64>(capacity: 100_000)
    /// Each holds a session key.
    private var verified = VersionCache<VerifiedMessage>(capacity: 64)
    private let spoolBudget: SpoolBudget
    /// Bytes up to which a stored file is verified before anything is read of it.
    let verifiedFirst: UInt64

    /// - Parameters:
    ///   - data: the data directory, for drafts.
    ///   - home: the root of all that the session sees.
    ///   - volume: what they lie on.
    ///   - spoolSize: bytes that files changed in place may take on the disk meanwhile.
    ///   - verifiedFirst: bytes up to which a stored file is verified when it is opened; a larger one is streamed.
    ///   - report: told of each file opened and closed, for the log.
    package init(
        user: String, view: View, data: Directory, home: Directory, volume: Volume, cryptor: Cryptor,
        spoolSize: UInt64, verifiedFirst: UInt64, report: @escaping (TransferEvent) -> Void
    ) {
        userName = user
        self.view = view
        self.data = data
        self.home = home
        self.volume = volume
        self.cryptor = cryptor
        spoolBudget = SpoolBudget(bytes: spoolSize)
        self.verifiedFirst = verifiedFirst
        self.report = report
    }

    /// The size a stored file has for this session, at its path.
    ///
    /// - Throws: what kept it from being told; a damaged file has its stored size.
    func size(of found: ResolvedPath) throws(FileSystemError) -> UInt64 {
        let stored = UInt64(clamping: found.status.st_size)
        if found.isDirectory { return stored }
        switch view {
        case .ciphertext:
            return found.isStoredName ? stored : own.size(found.path, found.status) ?? stored
        case .plaintext:
            if let size = sizes[FileVersion(found.status)] { return size }
            let (file, status) = try found.directory.openFile(
                found.name, O_RDONLY | linux_no_access_time, seen: found.status)
            do throws(OpenPGPError) {
                return try plaintextSize(file.raw, status)
            } catch {
                // A damaged file must still be listed. It cannot be opened, so its size deceives nobody.
                guard error.code == .message else { throw FileSystemError(error) }
                return stored
            }
        }
    }

    /// The exact plaintext size, from the cache if the file has not changed.
    func plaintextSize(_ descriptor: Int32, _ status: stat) throws(OpenPGPError) -> UInt64 {
        let version = FileVersion(status)
        if let size = sizes[version] { return size }
        let size = try cryptor.plaintextCount(descriptor, count: UInt64(clamping: status.st_size))
        sizes[version] = size
        return size
    }

    /// Remembers what an upload has just stored.
    ///
    /// - Parameter size: bytes of plaintext.
    func published(_ path: VirtualPath, _ status: stat, size: UInt64) {
        if view != .plaintext { own.add(path, status, size: size) }
        sizes[FileVersion(status)] = size
    }

    /// The message in a stored file, verified as a whole once in this session.
    ///
    /// - Returns: nil when it can only be decrypted from its start.
    func verifiedMessage(_ file: OwnedDescriptor, _ version: FileVersion) throws(OpenPGPError) -> VerifiedMessage? {
        if let message = verified[version] { return message }
        let message = try cryptor.verify(file.raw, count: UInt64(clamping: version.size))
        if let message { verified[version] = message }
        return message
    }

    /// Whether a version has been verified already, and can be read anywhere at no cost.
    func isVerified(_ version: FileVersion) -> Bool { verified[version] != nil }

    /// Bytes that open uploads will still put on the disk.
    var pending: UInt64 { uploads.values.reduce(0) { $0 + $1.pending } }

    /// Scratch space over `base`.
    func makeSpool(over base: (any Contents)?) -> Spool { Spool(over: base, in: data, spoolBudget) }
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

/// What the log and the listener's farewell need to know of a transfer.
package enum TransferEvent {
    /// - Parameter number: the same for the end of this transfer, and of no other.
    case opened(number: UInt64, VirtualPath, Direction)
    /// - Parameter bytes: bytes of the file as the client sees it.
    case closed(number: UInt64, VirtualPath, Direction, bytes: UInt64, FileSystemError?)

    package enum Direction: String, Sendable {
        case upload
        case download
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

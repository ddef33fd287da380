private import CLinux
internal import Foundation
internal import OpenPGP
internal import Platform
internal import SFTP

/// The OpenPGP messages of a session: encryption, decryption, and caches of what is known of stored files.
final class MessageStore {
    let cryptor: Cryptor
    /// The size in bytes up to which a stored file is verified before any of it is read.
    let verifiedFirst: UInt64
    private let drafts: DraftsDirectory
    private let ledger: (any Ledger)?
    private let spoolBudget: SpoolBudget
    private var sizes = VersionCache<UInt64>(capacity: 100_000)
    /// A small cache, because each value holds a session key.
    private var verified = VersionCache<VerifiedMessage>(capacity: 64)

    /// - Parameters:
    ///   - drafts: for scratch space.
    ///   - spoolSize: bytes of the disk that all spools may use at a time.
    ///   - verifiedFirst: see ``verifiedFirst``.
    ///   - ledger: knows sizes that do not follow from the stored ones; nil for the owner's tools.
    init(
        _ cryptor: Cryptor, drafts: DraftsDirectory, spoolSize: UInt64, verifiedFirst: UInt64,
        ledger: (any Ledger)? = nil
    ) {
        self.cryptor = cryptor
        self.drafts = drafts
        self.ledger = ledger
        self.verifiedFirst = verifiedFirst
        spoolBudget = SpoolBudget(bytes: spoolSize)
    }

    /// The size that a stored file or a directory has for this session.
    ///
    /// - Throws: the error that prevents an answer. A damaged file is not one: it has its stored size.
    func size(of found: ResolvedPath, _ view: View) throws(FileSystemError) -> UInt64 {
        let stored = UInt64(clamping: found.status.st_size)
        if found.isDirectory { return stored }
        switch view {
        case .visit, .addOnly: return found.isStoredName ? stored : try sizeWithoutKey(of: found)
        case .plaintext: return try plaintextSize(of: found)
        }
    }

    /// The plaintext size as it follows from the framing, for a session that cannot decrypt; the stored size of a file
    /// that another program has made.
    private func sizeWithoutKey(of found: ResolvedPath) throws(FileSystemError) -> UInt64 {
        if let size = sizes[FileVersion(found.status)] { return size }
        let (file, status) = try found.directory.openFile(
            found.name, O_RDONLY | linux_no_access_time, seen: found.status)
        return try sizeWithoutKey(file, status, isPartial: found.isPartial)
    }

    /// See ``sizeWithoutKey(of:)``.
    func sizeWithoutKey(
        _ file: OwnedDescriptor, _ status: stat, isPartial: Bool = false
    ) throws(FileSystemError) -> UInt64 {
        let stored = UInt64(clamping: status.st_size)
        let counts: [UInt64]
        do throws(OpenPGPError) {
            counts = try MessageOutline(file.raw, count: stored, checkingAll: false, isPartial: isPartial)
                .plaintextCounts
        } catch {
            guard error.code == .message else { throw FileSystemError(error) }
            return stored
        }
        guard let first = counts.first else { return stored }
        // Of two sizes that the framing allows, the session that has stored the file has told the right one.
        let size = counts.count == 1 ? first : ledger?.booking(of: FileIdentity(status)).size ?? first
        sizes[FileVersion(status)] = size
        return size
    }

    /// Whether the size of a stored file allows more than one size of its plaintext.
    func isAmbiguous(_ file: OwnedDescriptor, _ status: stat) -> Bool {
        let outline = try? MessageOutline(file.raw, count: UInt64(clamping: status.st_size), checkingAll: false)
        return outline.map { $0.plaintextCounts.count != 1 } ?? false
    }

    /// The plaintext size of a stored file; of a damaged one, the stored size.
    func plaintextSize(of found: ResolvedPath) throws(FileSystemError) -> UInt64 {
        if let size = sizes[FileVersion(found.status)] { return size }
        let (file, status) = try found.directory.openFile(
            found.name, O_RDONLY | linux_no_access_time, seen: found.status)
        do throws(OpenPGPError) {
            return try plaintextSize(file.raw, status, isPartial: found.isPartial)
        } catch {
            // A damaged file must still be listed. It cannot be opened, so a wrong size misleads nobody.
            guard error.code == .message else { throw FileSystemError(error) }
            return UInt64(clamping: found.status.st_size)
        }
    }

    /// The plaintext size of an open file, from the cache if the file has not changed.
    ///
    /// - Parameter isPartial: whether the file is stored as a partial.
    func plaintextSize(
        _ descriptor: Int32, _ status: stat, isPartial: Bool
    ) throws(OpenPGPError) -> UInt64 {
        let version = FileVersion(status)
        if let size = sizes[version] { return size }
        let size = try cryptor.plaintextCount(
            descriptor, count: UInt64(clamping: status.st_size), isPartial: isPartial)
        sizes[version] = size
        return size
    }

    /// Caches the plaintext size of a file that this session has stored.
    func remember(size: UInt64, of status: stat) { sizes[FileVersion(status)] = size }

    /// The message in a stored file, verified as a whole once for each version.
    ///
    /// - Returns: nil when it can only be decrypted from its start.
    func verifiedMessage(_ file: OwnedDescriptor, _ version: FileVersion) throws(OpenPGPError) -> VerifiedMessage? {
        if let message = verified[version] { return message }
        let message = try cryptor.verify(file.raw, count: UInt64(clamping: version.size))
        if let message { verified[version] = message }
        return message
    }

    /// Whether a version has been verified already, so that it can be read at any offset without a pass over the file.
    func isVerified(_ version: FileVersion) -> Bool { verified[version] != nil }

    /// Scratch space over `base`.
    func makeSpool(over base: (any Contents)?) -> Spool { Spool(over: base, in: drafts, spoolBudget) }
}

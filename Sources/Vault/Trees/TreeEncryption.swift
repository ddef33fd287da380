internal import Foundation
internal import OpenPGP
internal import Platform
package import SFTP

/// Encrypts ordinary files and directories into a home directory, as uploads would.
///
/// This needs the public key only. To remove the sources it needs the secret key too, because the stored files are
/// decrypted and compared with their sources first.
package final class TreeEncryption: TreeVisitor {
    private let vault: VaultFileSystem
    private let target: VirtualPath
    private let existing: ExistingFile
    private let sources: SourceDisposal
    private let observer: any TreeObserver
    private var parent = VirtualPath.root
    /// The number of files that were erased.
    package private(set) var erased = 0

    /// - Parameters:
    ///   - target: the directory in the home directory; it is made when it is missing.
    ///   - existing: what happens to stored files that differ from the sources.
    ///   - sources: for ``SourceDisposal/remove`` the vault must be able to decrypt.
    package init(
        into target: VirtualPath, of vault: VaultFileSystem, existing: ExistingFile, sources: SourceDisposal,
        _ observer: any TreeObserver
    ) {
        self.target = target
        self.vault = vault
        self.existing = existing
        self.sources = sources
        self.observer = observer
    }

    /// Stores a file, or a directory with everything in it.
    ///
    /// - Parameters:
    ///   - name: the name of the source in `directory`.
    ///   - directory: any directory of the system.
    package func take(_ name: [UInt8], in directory: Directory) throws {
        guard let entry = try TreeEntry(root: directory).entry(stored: name) else {
            throw FileSystemError.noSuchFile("no such file")
        }
        for count in 0...target.components.count {
            try makeDirectory(target.components.prefix(count).reduce(.root) { $0.appending($1) }, mode: 0o777)
        }
        try entry.walk(self)
    }

    package func enter(_ entry: TreeEntry) throws -> Bool {
        let source = entry.storedPath
        let place = source.moved(from: .root, to: target)
        do {
            switch entry.kind {
            case .directory:
                guard try !vault.home.drafts.isDataDirectory(entry.found.status) else {
                    try observer.report(source, .leftAlone("it is the data directory itself"))
                    return false
                }
                try makeDirectory(place, mode: entry.found.status.st_mode & 0o777)
                return true
            case .file, .partial, .other:
                if sources == .remove, entry.found.name.starts(with: Directory.erasing) {
                    try entry.found.directory.erase(entry.found.name, entry.found.status)
                } else {
                    try observer.report(source, takeFile(entry, place))
                }
            case .special: try observer.report(source, .leftAlone("it is neither a file nor a directory"))
            }
        } catch let error as FileSystemError {
            try observer.report(source, .failed(error.message))
        }
        return false
    }

    package func failed(_ path: VirtualPath, _ error: FileSystemError) throws {
        try observer.report(path, .failed(error.message))
    }

    package func leave(_ directory: TreeEntry) throws {
        let place = directory.storedPath.moved(from: .root, to: target)
        do throws(FileSystemError) {
            try vault.setAttributes(FileAttributes(of: directory.found.status), of: place)
            // This fails, as it should, if anything is left in the directory.
            if sources == .remove { try? directory.found.directory.removeDirectory(directory.found.name) }
        } catch {
            try observer.report(directory.storedPath, .failed(error.message))
        }
    }

    private func stored(_ place: VirtualPath) throws(FileSystemError) -> TreeEntry? {
        try TreeEntry.at(place, in: vault.home.root, on: vault.home.volume)
    }

    private func makeDirectory(_ place: VirtualPath, mode: mode_t) throws(FileSystemError) {
        try vault.permit(.create(place))
        guard let there = try stored(place), there.path == place else {
            return try vault.makeDirectory(place, FileAttributes(permissions: UInt32(mode | 0o700)))
        }
        guard there.kind == .directory else { throw .failure("a file of that name is stored already") }
    }

    private func takeFile(_ entry: TreeEntry, _ place: VirtualPath) throws -> TreeOutcome {
        let (file, status) = try entry.found.directory.openFile(entry.found.name)
        var there = try stored(place)
        if there?.path != place { there = nil }
        var outcome = TreeOutcome.unchanged
        if let there, there.kind != .partial {
            guard there.kind == .file else { return .leftAlone("a directory of that name is stored already") }
            if try !isSame(there, file, status) {
                guard existing == .replace else {
                    return .leftAlone("a file of that name is stored already, and differs")
                }
                outcome = .done(try store(file, status, place, [.write, .create, .truncate]))
            }
        } else {
            let flags: OpenFlags = there == nil ? [.write, .create, .exclusive] : [.write, .create, .truncate]
            outcome = .done(try store(file, status, place, flags))
        }
        if sources == .remove { try remove(entry, file, status, place) }
        return outcome
    }

    /// Whether a stored file is the same as the source: by contents when it can be decrypted, else by size and time.
    private func isSame(_ stored: TreeEntry, _ file: OwnedDescriptor, _ status: stat) throws -> Bool {
        if sources == .remove {
            // A damaged file is not the same.
            do { return try hasSameContents(stored, file) } catch is FileSystemError { return false }
        }
        guard status.isSameTime(as: stored.found.status) else { return false }
        return try stored.outline(checkingAll: false).plaintextCounts.contains(UInt64(clamping: status.st_size))
    }

    private func store(
        _ file: OwnedDescriptor, _ status: stat, _ place: VirtualPath, _ flags: OpenFlags
    ) throws -> UInt64 {
        try vault.permit(.create(place))
        let attributes = FileAttributes(of: status)
        let open = try vault.open(place, flags, attributes)
        var count: UInt64 = 0
        do {
            while case let piece = try file.read(at: count, Limits.dataLength), !piece.isEmpty {
                try open.write(piece[...], at: count)
                count += UInt64(piece.count)
                try observer.advance(piece.count)
            }
            guard count == UInt64(clamping: status.st_size), try file.currentStatus().isUnchanged(since: status) else {
                throw FileSystemError.failure("it was changed while it was read")
            }
            try open.setAttributes(attributes)
        } catch {
            vault.discardUpload(place)
            open.abandon()
            throw error
        }
        try open.close()
        return count
    }

    /// Erases a source after comparing it with the stored file.
    private func remove(_ entry: TreeEntry, _ file: OwnedDescriptor, _ status: stat, _ place: VirtualPath) throws {
        guard let stored = try stored(place), stored.kind == .file, stored.path == place,
            try hasSameContents(stored, file), try file.currentStatus().isUnchanged(since: status)
        else { throw FileSystemError.failure("the stored file differs from the source: the source is kept") }
        try entry.found.directory.erase(entry.found.name, status)
        erased += 1
    }

    private func hasSameContents(_ stored: TreeEntry, _ file: OwnedDescriptor) throws -> Bool {
        var position: UInt64 = 0
        var differs = false
        try vault.read(stored) { piece in
            if try file.read(at: position, piece.count)[...] != piece { differs = true }
            position += UInt64(piece.count)
            try observer.advance(0)
        }
        return try !differs && file.read(at: position, 1).isEmpty
    }
}

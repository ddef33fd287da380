internal import Foundation
internal import OpenPGP
package import SFTP

/// Takes ordinary files and directories into a home, as an upload would.
///
/// It needs the public key only, unless sources are to be removed: that a stored file is the same as its source is
/// found out by decrypting it.
package final class TreeEncryption: TreeVisitor {
    /// What happens to a source whose stored file has been compared with it.
    package enum Sources: Sendable { case stay, areRemoved }

    private let vault: VaultFileSystem
    private let target: VirtualPath
    private let replaces: Bool
    private let sources: Sources
    private unowned let observer: any TreeObserver
    private var parent = VirtualPath.root
    /// Files that were erased.
    package private(set) var erased = 0

    /// - Parameters:
    ///   - target: the directory in the home; it is made when it is missing.
    ///   - replaces: whether stored files that differ give way.
    ///   - sources: for ``Sources/areRemoved`` the vault must be able to decrypt.
    package init(
        into target: VirtualPath, of vault: VaultFileSystem, replaces: Bool, sources: Sources,
        _ observer: any TreeObserver
    ) {
        self.target = target
        self.vault = vault
        self.replaces = replaces
        self.sources = sources
        self.observer = observer
    }

    /// Takes a file, or a directory with all that is in it.
    ///
    /// - Parameters:
    ///   - name: of the source in `directory`.
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
                let data = try vault.data.status()
                guard entry.found.status.st_ino != data.st_ino || entry.found.status.st_dev != data.st_dev else {
                    try observer.report(source, .leftAlone("it is the data directory itself"))
                    return false
                }
                try makeDirectory(place, mode: entry.found.status.st_mode & 0o777)
                return true
            case .file, .partial, .other:
                if sources == .areRemoved, entry.found.name.starts(with: Directory.erasing) {
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
            // It goes only if all in it has gone.
            if sources == .areRemoved { try? directory.found.directory.removeDirectory(directory.found.name) }
        } catch {
            try observer.report(directory.storedPath, .failed(error.message))
        }
    }

    private func stored(_ place: VirtualPath) throws(FileSystemError) -> TreeEntry? {
        try TreeEntry.at(place, in: vault.home, on: vault.volume)
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
        var existing = try stored(place)
        if existing?.path != place { existing = nil }
        var outcome = TreeOutcome.unchanged
        if let existing, existing.kind != .partial {
            guard existing.kind == .file else { return .leftAlone("a directory of that name is stored already") }
            if try !isSame(existing, file, status) {
                guard replaces else { return .leftAlone("a file of that name is stored already, and differs") }
                outcome = .done(try store(file, status, place, [.write, .create, .truncate]))
            }
        } else {
            let flags: OpenFlags = existing == nil ? [.write, .create, .exclusive] : [.write, .create, .truncate]
            outcome = .done(try store(file, status, place, flags))
        }
        if sources == .areRemoved { try remove(entry, file, status, place) }
        return outcome
    }

    /// Whether a stored file is the source's already: by its contents when they can be read, else by size and time.
    private func isSame(_ stored: TreeEntry, _ file: OwnedDescriptor, _ status: stat) throws -> Bool {
        if sources == .areRemoved {
            // A damaged one is not the same.
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
            guard count == UInt64(clamping: status.st_size), try file.status().isUnchanged(since: status) else {
                throw FileSystemError.failure("it was changed while it was read")
            }
            try open.setAttributes(attributes)
        } catch {
            vault.discard(place)
            open.abandon()
            throw error
        }
        try open.close()
        return count
    }

    /// Removes a source once its stored file has proved to be the same.
    private func remove(_ entry: TreeEntry, _ file: OwnedDescriptor, _ status: stat, _ place: VirtualPath) throws {
        guard let stored = try stored(place), stored.kind == .file, stored.path == place,
            try hasSameContents(stored, file), try file.status().isUnchanged(since: status)
        else { throw FileSystemError.failure("what is stored is not what was read: the source stays") }
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

extension OwnedDescriptor {
    /// Up to `count` bytes from `offset` on; fewer only at the end.
    fileprivate func read(at offset: UInt64, _ count: Int) throws(FileSystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(
                    raw, $0.baseAddress.map { $0 + filled }, count - filled,
                    off_t(clamping: offset) + off_t(filled))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw FileSystemError(errno: errno) }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}

extension FileAttributes {
    /// Permissions and times of a file.
    fileprivate init(of status: stat) {
        let all = status.attributes(size: 0)
        self.init(permissions: UInt32(status.st_mode & 0o777), times: all.times)
    }
}

internal import Foundation
package import SFTP

/// Brings stored files back as plaintext, into an ordinary directory.
///
/// Each file is written as a ``DraftFile`` in that directory, where nobody else can read it, and gets its name once it
/// has been verified and is on the disk. So one that is interrupted leaves nothing, and a second run goes on where the
/// first ended.
package final class TreeDecryption: TreeVisitor {
    private let target: Directory
    private let replaces: Bool
    private let vault: VaultFileSystem
    private unowned let observer: any TreeObserver
    /// The directory whose contents go to the target.
    private var base = VirtualPath.root

    /// - Parameters:
    ///   - target: where to.
    ///   - replaces: whether files that are there and differ give way.
    ///   - vault: where from.
    package init(into target: Directory, replaces: Bool, from vault: VaultFileSystem, _ observer: any TreeObserver) {
        self.target = target
        self.replaces = replaces
        self.vault = vault
        self.observer = observer
        // What a run that was killed has left is plaintext: it goes at once.
        DraftFile.sweep(target)
    }

    deinit {
        try? target.removeDirectory(StoredName.drafts)
    }

    /// Restores a file, or a directory with all that is in it.
    package func restore(_ entry: TreeEntry) throws {
        base = entry.path.parent
        try entry.walk(self)
    }

    package func enter(_ entry: TreeEntry) throws -> Bool {
        let place = entry.path.moved(from: base, to: .root)
        do {
            switch entry.kind {
            case .directory: return try enterDirectory(place)
            case .file: try observer.report(entry.path, restoreFile(entry, place))
            case .partial: try observer.report(entry.path, .incomplete)
            case .other: try observer.report(entry.path, .leftAlone("it is no stored file"))
            case .special: try observer.report(entry.path, .leftAlone("it is neither a file nor a directory"))
            }
        } catch let failure as TargetFailure {
            try observer.report(entry.path, .failed(failure.reason.message))
        } catch let error as FileSystemError {
            try observer.report(entry.path, .damaged(error.message))
        }
        return false
    }

    package func failed(_ path: VirtualPath, _ error: FileSystemError) throws {
        try observer.report(path, .damaged(error.message))
    }

    private func enterDirectory(_ place: VirtualPath) throws(TargetFailure) -> Bool {
        guard let name = place.name else { return true }
        return try TargetFailure.marking { () throws(FileSystemError) in
            let parent = try target.directory(place.parent)
            // Until its files are there it is its owner's alone, and can be written.
            guard let status = try parent.status(name) else {
                try parent.makeDirectory(name, mode: 0o700)
                return true
            }
            guard status.isDirectory else { throw .failure("there is a file of that name") }
            let data = try vault.data.status()
            guard status.st_ino != data.st_ino || status.st_dev != data.st_dev else {
                throw .failure("it would go into the data directory")
            }
            if status.st_mode & 0o700 != 0o700 {
                _ = fchmod(try parent.directory(named: name).descriptor, status.st_mode & 0o777 | 0o700)
            }
            return true
        }
    }

    package func leave(_ directory: TreeEntry) throws {
        let place = directory.path.moved(from: base, to: .root)
        guard !place.isRoot, let made = try? target.directory(place) else { return }
        _ = fchmod(made.descriptor, directory.found.status.st_mode & 0o777)
        _ = futimens(made.descriptor, directory.found.status.times)
    }

    private func restoreFile(_ entry: TreeEntry, _ place: VirtualPath) throws -> TreeOutcome {
        let status = entry.found.status
        guard let name = place.name else { return .leftAlone("it has no name") }
        let directory = try TargetFailure.marking { () throws(FileSystemError) in try target.directory(place.parent) }
        let there = try TargetFailure.marking { () throws(FileSystemError) in try directory.status(name) }
        if let there {
            guard there.isRegularFile else { return .leftAlone("something else has the name already") }
            if status.isSameTime(as: there), try vault.size(entry) == UInt64(clamping: there.st_size) {
                return .unchanged
            }
            guard replaces else { return .leftAlone("a file of that name is there already, and differs") }
        }
        let draft = try TargetFailure.marking { () throws(FileSystemError) in try DraftFile(in: target, mode: 0o600) }
        var count: UInt64 = 0
        try vault.read(entry) { piece in
            try TargetFailure.marking { () throws(FileSystemError) in try draft.append(piece) }
            count += UInt64(piece.count)
            try observer.advance(piece.count)
        }
        try TargetFailure.marking { () throws(FileSystemError) in
            draft.setPermissions(status.st_mode & 0o777)
            guard futimens(draft.descriptor, status.times) == 0 else { throw .init(errno: errno) }
            try draft.publish(to: directory) { () throws(FileSystemError) in
                guard let status = try directory.status(name) else { return (name, false) }
                guard replaces, status.isRegularFile else { throw .failure("it exists already") }
                return (name, true)
            }
        }
        return .done(count)
    }
}

extension DraftFile {
    /// Writes the next bytes, as they are.
    func append(_ bytes: ArraySlice<UInt8>) throws(FileSystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw FileSystemError(errno: written < 0 ? errno : ENOSPC) }
            rest = rest.dropFirst(written)
        }
    }
}

extension stat {
    /// Access and modification time.
    var times: [timespec] { [st_atim, st_mtim] }

    /// Whether a file that was made to have this one's modification time may be the other: FAT keeps even seconds only.
    func isSameTime(as copy: stat) -> Bool {
        copy.st_mtim.tv_sec == st_mtim.tv_sec || copy.st_mtim.tv_sec == st_mtim.tv_sec & ~1
    }
}

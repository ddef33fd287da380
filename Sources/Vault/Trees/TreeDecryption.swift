internal import Foundation
package import SFTP

/// Decrypts stored files into an ordinary directory.
///
/// Each file is written as a ``DraftFile`` in that directory, which only this user can read, and gets its name after it
/// has been verified and is on the disk. An interrupted run therefore leaves no half written file, and a second run
/// skips the files that are there.
package final class TreeDecryption: TreeVisitor {
    private let target: Directory
    private let existing: ExistingFile
    private let vault: VaultFileSystem
    private let observer: any TreeObserver
    /// The directory whose entries go into the target.
    private var base = VirtualPath.root

    /// - Parameters:
    ///   - target: the directory that gets the files.
    ///   - existing: what happens to files in the target that differ from the stored ones.
    ///   - vault: the vault with the stored files.
    package init(
        into target: Directory, existing: ExistingFile, from vault: VaultFileSystem, _ observer: any TreeObserver
    ) {
        self.target = target
        self.existing = existing
        self.vault = vault
        self.observer = observer
        // The drafts of a killed run are plaintext.
        DraftFile.sweep(target)
    }

    deinit {
        try? target.removeDirectory(StoredName.drafts)
    }

    /// Restores a file, or a directory with everything in it.
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
            // The directory gets its own permissions after its files.
            guard let status = try parent.status(name) else {
                try parent.makeDirectory(name, mode: 0o700)
                return true
            }
            guard status.isDirectory else { throw .failure("there is a file of that name") }
            guard try !vault.home.drafts.isDataDirectory(status) else {
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
            guard there.isRegularFile else { return .leftAlone("the name is taken by something that is not a file") }
            if status.isSameTime(as: there), try vault.size(entry) == UInt64(clamping: there.st_size) {
                return .unchanged
            }
            guard existing == .replace else { return .leftAlone("a file of that name is there already, and differs") }
        }
        let draft = try TargetFailure.marking { () throws(FileSystemError) in
            try DraftFile(in: DraftsDirectory(in: target), mode: 0o600)
        }
        var count: UInt64 = 0
        try vault.read(entry) { piece in
            try TargetFailure.marking { () throws(FileSystemError) in try draft.append(piece) }
            count += UInt64(piece.count)
            try observer.advance(piece.count)
        }
        try TargetFailure.marking { () throws(FileSystemError) in
            draft.setPermissions(status.st_mode & 0o777)
            try draft.setTimes(status.times)
            try draft.publish(to: directory) { () throws(FileSystemError) in
                guard let status = try directory.status(name) else { return (name, .keep) }
                guard existing == .replace, status.isRegularFile else { throw .failure("it exists already") }
                return (name, .replace)
            }
        }
        return .done(count)
    }
}

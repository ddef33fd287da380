internal import Foundation
internal import SFTP

/// From virtual names to names on the disk.
extension HomeDirectory {
    /// Opens the directory at a virtual path.
    func directory(_ path: VirtualPath) throws(FileSystemError) -> Directory {
        var directory = root
        for name in path.components {
            guard let found = try entry(name, .directory, in: directory) else {
                throw .noSuchFile("no such file or directory")
            }
            directory = try directory.directory(named: found.stored)
        }
        return directory
    }

    /// Finds what is stored under a virtual name, in whatever ``NameForm``.
    func entry(
        _ name: [UInt8], _ kind: StoredName.Kind, in directory: Directory
    ) throws(FileSystemError) -> (stored: [UInt8], status: stat)? {
        try directory.entry(name, kind, on: volume)
    }

    /// The name on the disk of the object with a virtual name, or of a new object that is to get it.
    ///
    /// An object that is renamed only in case keeps its own name taken in the old case: the kernel's drivers for FAT
    /// and exFAT report success for such a rename and do nothing.
    ///
    /// - Throws: ``SFTP/FileSystemError/failure(_:)`` for a name that is too long in the form in which it is stored.
    func storedName(
        _ name: [UInt8], _ kind: StoredName.Kind, in directory: Directory
    ) throws(FileSystemError) -> [UInt8] {
        if let there = try entry(name, kind, in: directory) { return there.stored }
        for form in volume.forms {
            let stored = StoredName.stored(name, kind, form)
            guard stored.count <= Limits.nameLength else { throw tooLong(name, kind, stored) }
            if try !isTakenInAnotherCase(stored, in: directory) { return stored }
        }
        throw .failure(
            "there are names that differ from this one only in case, which the file system does not tell apart")
    }

    /// Whether an object has a name that differs from `stored` only in case.
    ///
    /// An object with exactly this name does not count; the caller has looked for it.
    private func isTakenInAnotherCase(_ stored: [UInt8], in directory: Directory) throws(FileSystemError) -> Bool {
        guard volume.isPortable || volume.comparesWithoutCase else { return false }
        if try directory.status(stored, on: volume) != nil { return false }
        if volume.comparesWithoutCase { return try directory.status(stored) != nil }
        // This file system can hold both names. One that the directory is copied to may not.
        let folded = NameForm.folded(stored)
        return try directory.containsEntry { NameForm.folded($0) == folded }
    }

    private func tooLong(_ name: [UInt8], _ kind: StoredName.Kind, _ stored: [UInt8]) -> FileSystemError {
        let added = StoredName.stored([], kind).count
        guard stored.count > name.count + added else {
            return .failure("the name is longer than \(Limits.nameLength - added) bytes")
        }
        return .failure(
            "the name is too long: it has characters that this file system cannot hold, and would be stored with "
                + "\(stored.count) bytes, of \(Limits.nameLength)")
    }

    /// Removes the partial that an interrupted upload of that name has left, if there is one.
    ///
    /// It is called under the lock of the directory. Another's partial stays in a session that shares the home.
    func removePartial(of name: [UInt8], in directory: Directory) {
        guard let found = try? entry(name, .partial, in: directory), isOwn(found.status) else { return }
        if (try? directory.removeFile(found.stored)) != nil { strike(found.status) }
    }
}

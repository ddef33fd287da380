internal import Foundation
internal import SFTP

/// From virtual names to the ones on the disk.
extension VaultFileSystem {
    /// The directory at a virtual path.
    func directory(_ path: VirtualPath) throws(FileSystemError) -> Directory {
        var directory = home
        for name in path.components {
            guard let found = try entry(name, .directory, in: directory) else {
                throw .noSuchFile("no such file or directory")
            }
            directory = try directory.directory(named: found.stored)
        }
        return directory
    }

    /// What is stored under a virtual name, in whatever form.
    func entry(
        _ name: [UInt8], _ kind: StoredName.Kind, in directory: Directory
    ) throws(FileSystemError) -> (stored: [UInt8], status: stat)? {
        try directory.entry(name, kind, on: volume)
    }

    /// The name on the disk of what has a virtual name, or of something new that is to have it.
    ///
    /// What is renamed to another case of its own name also stands in its way: the kernel's FAT and exFAT say that they
    /// have done that, and have not.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` for a name that is too long as it has to be written.
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

    /// Whether there is something whose name differs only in case.
    ///
    /// What has the very name is no stored file: that is the caller's business.
    private func isTakenInAnotherCase(_ stored: [UInt8], in directory: Directory) throws(FileSystemError) -> Bool {
        guard volume.isPortable || volume.comparesWithoutCase else { return false }
        if try directory.status(stored, on: volume) != nil { return false }
        if volume.comparesWithoutCase { return try directory.status(stored) != nil }
        // Here both can live, and where the directory is copied to one would overwrite the other.
        let folded = NameForm.folded(stored)
        return try directory.lists { NameForm.folded($0) == folded }
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

    /// Removes what an upload of that name has left that was cut off, if there is something.
    func removePartial(of name: [UInt8], in directory: Directory) {
        if let found = try? entry(name, .partial, in: directory) { try? directory.removeFile(found.stored) }
    }
}

extension Directory {
    /// What is stored here under a virtual name, in whatever form.
    ///
    /// Links, devices and the like are nothing.
    func entry(
        _ name: [UInt8], _ kind: StoredName.Kind, on volume: Volume
    ) throws(FileSystemError) -> (stored: [UInt8], status: stat)? {
        for stored in StoredName.candidates(name, kind) where stored.count <= Limits.nameLength {
            guard let status = try status(stored, on: volume) else { continue }
            if kind == .directory ? status.isDirectory : status.isRegularFile { return (stored, status) }
        }
        return nil
    }

    /// What has exactly this name on the disk; nil when there is nothing, or only what differs in case.
    func status(_ stored: [UInt8], on volume: Volume) throws(FileSystemError) -> stat? {
        guard !volume.isUTF8Only || NameForm.isUTF8(stored), let status = try status(stored) else { return nil }
        if volume.comparesWithoutCase, try !lists({ $0 == stored }) { return nil }
        return status
    }
}

private import CLinux
internal import Foundation
package import SFTP

/// A file that nobody sees yet, or ever: a stored file while it is written, or sealed scratch space.
///
/// It is in the drafts directory, under a name no listing shows. It holds a lock that ends with the process, so that
/// ``sweep(_:)`` can tell drafts in use from left ones.
package final class DraftFile {
    let descriptor: Int32
    private let directory: Directory
    private let name: [UInt8]
    /// Permissions it has only until it is published.
    private var withheld: mode_t
    private var published = false

    /// Makes an empty draft.
    ///
    /// - Parameters:
    ///   - data: the data directory; the drafts directory is made in it when it is missing.
    ///   - mode: the permissions the stored file is to have, less what the user's mask takes away.
    init(in data: Directory, mode: mode_t) throws(FileSystemError) {
        directory = try DraftFile.directory(in: data)
        withheld = 0o600 & ~mode
        // A sweep may come between making the file and locking it, and take it away: then another is made.
        while true {
            let name = Array(String(UInt64.random(in: .min ... .max), radix: 16).utf8)
            // Until it is published its owner can read and write it, so that a sweep can.
            let descriptor = try directory.createFile(name, mode: mode | 0o600)
            // A file system without locks has no sweep that could mistake this draft for a left one.
            _ = flock(descriptor, LOCK_EX)
            if try directory.status(name) != nil {
                self.name = name
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        if !published { try? directory.removeFile(name) }
        close(descriptor)
    }

    /// The drafts directory; it is made when it is missing.
    package static func directory(in data: Directory) throws(FileSystemError) -> Directory {
        if try data.status(StoredName.drafts) == nil {
            do { try data.makeDirectory(StoredName.drafts, mode: 0o700) } catch .failure
            { /* Another session was first. */  }
        }
        return try data.directory(named: StoredName.drafts)
    }

    /// Makes the draft a stored file in `target`: when this returns, both are on the disk.
    ///
    /// When this throws, an older version has the name as before, or nothing has. Only where the file system has no
    /// second names, as FAT, and fails after the rename, the new version has it, which is complete but may not be on
    /// the disk.
    ///
    /// - Parameter place: asked last, under which name, and whether what has the name then gives way; it throws when
    ///   this is not to be published at all. Sessions take turns there: what is decided holds until the name has
    ///   changed.
    func publish(
        to target: Directory, as place: () throws(FileSystemError) -> (name: [UInt8], replacing: Bool)
    ) throws(FileSystemError) {
        if withheld != 0 { _ = fchmod(descriptor, try status().st_mode & 0o777 & ~withheld) }
        guard fsync(descriptor) == 0 else { throw FileSystemError(errno: errno) }
        let this = try status()
        let kept = name + Array("-replaced".utf8)
        var isKept = false
        var isNew = true
        var storedName: [UInt8] = []
        try target.locked { () throws(FileSystemError) in
            let place = try place()
            (storedName, isNew) = (place.name, !place.replacing)
            // The older version has a second name until the new one is on the disk.
            isKept = !isNew && target.link(storedName, to: directory, kept)
            try directory.rename(name, to: target, storedName, replacing: !isNew)
        }
        published = true
        // What has a name is locked by who changes it.
        flock(descriptor, LOCK_UN)
        defer { if isKept { try? directory.removeFile(kept) } }
        do throws(FileSystemError) {
            // FAT keeps a file's size and place in its directory's entry, which the rename has made anew: once more.
            guard fsync(descriptor) == 0 else { throw FileSystemError(errno: errno) }
            try target.synchronize()
            try directory.synchronize()
        } catch {
            try? target.locked { () throws(FileSystemError) in
                // Unless another session has stored something there meanwhile.
                guard try target.status(storedName)?.st_ino == this.st_ino else { return }
                if isNew { try target.removeFile(storedName) }
                if isKept {
                    try directory.rename(kept, to: target, storedName, replacing: true)
                    isKept = false
                }
            }
            try? target.synchronize()
            throw error
        }
    }

    /// Sets the permissions the stored file is to have, in place of the ones it was made with.
    ///
    /// That a file system has none, as FAT, is not an error.
    func setPermissions(_ mode: mode_t) {
        withheld = 0
        _ = fchmod(descriptor, mode)
    }

    /// What the file is now.
    func status() throws(FileSystemError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileSystemError(errno: errno) }
        return status
    }

    /// Removes the drafts that no process writes any more.
    ///
    /// - Parameter data: the data directory. One without drafts is not an error.
    package static func sweep(_ data: Directory) {
        guard let directory = try? data.directory(named: StoredName.drafts),
            let stream = try? DirectoryStream(directory)
        else {
            return
        }
        while let name = try? stream.next() {
            guard let (file, _) = try? directory.openFile(name, O_RDWR) else { continue }
            if flock(file.raw, LOCK_EX | LOCK_NB) == 0 { try? directory.removeFile(name) }
        }
    }

    /// The drafts that no process writes any more, as they are.
    ///
    /// - Parameter data: the data directory. One without drafts is not an error.
    package static func abandoned(in data: Directory) -> [(directory: [UInt8], name: [UInt8])] {
        guard let directory = try? data.directory(named: StoredName.drafts),
            let stream = try? DirectoryStream(directory)
        else {
            return []
        }
        var names: [[UInt8]] = []
        while let name = try? stream.next() {
            guard let (file, _) = try? directory.openFile(name) else { continue }
            if flock(file.raw, LOCK_EX | LOCK_NB) == 0 { names.append(name) }
        }
        return names.map { (StoredName.drafts, $0) }
    }
}

private import CLinux
internal import Foundation
internal import Platform
internal import SFTP

/// A file in the drafts directory: a stored file while it is written, or sealed scratch space.
///
/// No listing shows it. It has an advisory lock that ends with the process, so that ``sweep(_:)`` can tell drafts in
/// use from those that a killed process has left.
package final class DraftFile {
    let file: OwnedDescriptor
    private let directory: Directory
    private let name: [UInt8]
    /// Permissions that the file has only until it is published.
    private var withheld: mode_t
    private var lock: FileLock?
    private var isPublished = false

    /// Makes an empty draft.
    ///
    /// - Parameters:
    ///   - drafts: the directory that it is made in.
    ///   - mode: the permissions of the stored file, from which the process's umask is subtracted.
    init(in drafts: DraftsDirectory, mode: mode_t) throws(FileSystemError) {
        directory = try drafts.open()
        withheld = 0o600 & ~mode
        // A sweep may remove the file before it is locked: then another one is made.
        while true {
            let name = Array(String(UInt64.random(in: .min ... .max), radix: 16).utf8)
            // Its owner can read and write it until it is published, so that a sweep can open it.
            let file = try directory.createFile(name, mode: mode | 0o600)
            let lock = FileLock(.exclusive, on: file)
            if try directory.status(name) != nil {
                self.name = name
                self.file = file
                self.lock = lock
                return
            }
        }
    }

    var descriptor: Int32 { file.raw }

    deinit {
        if !isPublished { try? directory.removeFile(name) }
    }

    /// Writes the next bytes, as they are.
    func append(_ bytes: ArraySlice<UInt8>) throws(FileSystemError) {
        try bytes.withUnsafeBufferPointer { bytes throws(FileSystemError) in
            try FileSystemError.translating(
                system: FileIO.writeAll(UnsafeRawBufferPointer(bytes), to: file.raw))
        }
    }

    /// Sets the permissions of the stored file, in place of those the draft was made with.
    ///
    /// A failure is not an error, because file systems such as FAT have no permissions.
    func setPermissions(_ mode: mode_t) {
        withheld = 0
        _ = fchmod(file.raw, mode)
    }

    /// Sets access and modification time of the stored file.
    func setTimes(_ times: [timespec]) throws(FileSystemError) {
        guard futimens(file.raw, times) == 0 else { throw FileSystemError(errno: errno) }
    }

    /// The status of the draft.
    func status() throws(FileSystemError) -> stat { try file.currentStatus() }

    /// Opens the file once more, to read what was written.
    ///
    /// fusefat, a driver for FAT, gives zeros, or an error, to the descriptor that has written a file of up to 512 bytes.
    ///
    /// For processes that Landlock does not confine: it is opened by `/proc/self/fd`.
    func openToRead() throws(FileSystemError) -> OwnedDescriptor {
        try FileSystemError.translating(system: OwnedDescriptor(path: "/proc/self/fd/\(file.raw)", O_RDONLY))
    }

    /// Makes the draft a stored file in `target`.
    ///
    /// When this returns, the file and its name are on the disk.
    ///
    /// When this throws, an older version still has the name, or no file has it. One exception is a file system without
    /// hard links, such as FAT, that fails after the rename: there the new version has the name, complete, but may not
    /// be on the disk.
    ///
    /// - Parameters:
    ///   - target: the directory.
    ///   - pause: see ``Directory/locked(_:_:)``.
    ///   - place: decides on the name, and on an existing file of that name; throws when the draft is not to be
    ///     published. It is called while no other session decides about names in `target`, so that its decision holds
    ///     until the rename.
    ///   - named: called under the same lock with the status of the file, when it has the name.
    func publish(
        to target: Directory, pause: () -> Void = {},
        as place: () throws(FileSystemError) -> (name: [UInt8], placement: Placement), named: (stat) -> Void = { _ in }
    ) throws(FileSystemError) {
        if withheld != 0 { _ = fchmod(file.raw, try status().st_mode & 0o777 & ~withheld) }
        try synchronize()
        let this = try status()
        let kept = name + Array("-replaced".utf8)
        var isKept = false
        var placement = Placement.keep
        var storedName: [UInt8] = []
        try target.locked(pause) { () throws(FileSystemError) in
            (storedName, placement) = try place()
            // The older version keeps a second name until the new one is on the disk.
            isKept = placement == .replace && target.link(storedName, to: directory, kept)
            try directory.move(name, to: target, storedName, placement)
            if let status = try? status() { named(status) }
        }
        isPublished = true
        // From here on, the lock on the file is for sessions that change it in place.
        lock = nil
        defer { if isKept { try? directory.removeFile(kept) } }
        do throws(FileSystemError) {
            // The rename has written FAT's directory entry again, which holds the file's size and place.
            try synchronize()
            try target.synchronize()
            try directory.synchronize()
        } catch {
            try? target.locked { () throws(FileSystemError) in
                // Another session may have stored a file under the name since.
                guard try target.status(storedName)?.st_ino == this.st_ino else { return }
                switch placement {
                case .keep: try target.removeFile(storedName)
                case .setAside(let aside): try target.rename(aside, to: target, storedName, existing: .replace)
                case .replace where isKept:
                    try directory.rename(kept, to: target, storedName, existing: .replace)
                    isKept = false
                case .replace: break
                }
            }
            try? target.synchronize()
            throw error
        }
    }

    private func synchronize() throws(FileSystemError) {
        try FileSystemError.translating(system: FileIO.synchronize(file.raw))
    }
}

internal import Foundation
package import OpenPGP
package import SFTP

/// Encrypts the stored files of a home anew, to the key that a user has now.
///
/// File by file, complete and partial ones: decrypted and encrypted into a draft in one stream, the draft decrypted and
/// compared, and only then given the name of the old version, with its times and permissions. Whoever is killed
/// meanwhile leaves drafts, which are swept; a file that is encrypted to the new key already is passed over.
package final class TreeReencryption: TreeVisitor {
    /// What became of the files.
    package struct Tally: Sendable {
        /// Encrypted to the new key; in a survey: still to be.
        package var files = 0
        /// Bytes of these as they were stored.
        package var bytes: UInt64 = 0
        /// Encrypted to the new key already.
        package var done = 0
        /// Encrypted to nobody of this user's keys: another user's, perhaps.
        package var others = 0
        /// Changed, or being changed, by somebody else meanwhile.
        package var busy: [String] = []
        /// Damaged, or not to be opened by any key here; they stay as they are.
        package var damaged: [(path: String, reason: String)] = []

        package init() {}
    }

    private let data: Directory
    private let retired: Set<[UInt8]>
    /// Nil for a survey.
    private let cryptor: Cryptor?
    private let isInterrupted: () -> Bool
    private let progress: (UInt64) -> Void
    private var tally = Tally()

    /// - Parameters:
    ///   - data: the data directory, for drafts.
    ///   - retired: the key IDs whose messages are to be encrypted anew.
    ///   - cryptor: the key to encrypt to, which has to open what is there; nil only counts.
    ///   - isInterrupted: asked often; true ends it after what is under way has been undone.
    ///   - progress: told of each file that is done, with its bytes.
    package init(
        data: Directory, retired: Set<[UInt8]>, cryptor: Cryptor?, isInterrupted: @escaping () -> Bool,
        progress: @escaping (UInt64) -> Void
    ) {
        self.data = data
        self.retired = retired
        self.cryptor = cryptor
        self.isInterrupted = isInterrupted
        self.progress = progress
    }

    /// Goes once through all files below `home`.
    ///
    /// - Throws: ``Interrupted``; ``SFTP/FileSystemError`` for what would befall the next file as well, such as a full
    ///   disk.
    package func run(in home: Directory) throws -> Tally {
        tally = Tally()
        if cryptor != nil { DraftFile.sweep(data) }
        try TreeEntry(root: home).walk(self)
        return tally
    }

    package func enter(_ entry: TreeEntry) throws -> Bool {
        guard !isInterrupted() else { throw Interrupted() }
        switch entry.kind {
        case .directory: return true
        case .file, .partial: try take(entry)
        case .other, .special: break
        }
        return false
    }

    package func failed(_ path: VirtualPath, _ error: FileSystemError) {
        // One that has gone meanwhile, or that another file system is mounted on, is none of the home's.
        if case .noSuchFile = error { return }
        if error == FileSystemError(errno: EXDEV) { return }
        tally.damaged.append((path.description, error.message))
    }

    private func take(_ entry: TreeEntry) throws {
        let path = entry.path.description
        do {
            let (file, status) = try entry.found.directory.openFile(entry.found.name)
            let count = UInt64(clamping: status.st_size)
            let recipients = try Cryptor.recipients(of: file.raw, count: count)
            guard recipients.contains(where: { retired.contains($0) }) else {
                if let cryptor, recipients.contains(cryptor.recipient) { tally.done += 1 } else { tally.others += 1 }
                return
            }
            if let cryptor { try reencrypt(file, status, entry.found.name, in: entry.found.directory, cryptor) }
            tally.files += 1
            tally.bytes += count
            progress(count)
        } catch is Changed {
            tally.busy.append(path)
        } catch FileSystemError.noSuchFile {
            // Somebody has removed or renamed it.
        } catch let error as OpenPGPError where error.code == .message || error.code == .key {
            tally.damaged.append((path, error.description))
        } catch let error as OpenPGPError {
            throw FileSystemError(error)
        }
    }

    /// The file was changed while it was encrypted anew, or somebody is about to.
    private struct Changed: Error {}

    private func reencrypt(
        _ file: OwnedDescriptor, _ status: stat, _ name: [UInt8], in directory: Directory, _ cryptor: Cryptor
    ) throws {
        let draft = try DraftFile(in: data, mode: status.st_mode & 0o777)
        let encryption = try cryptor.encrypt(into: draft.descriptor)
        let digest: [UInt8]
        do {
            digest = try digestOfPlaintext(file.raw, cryptor) { (bytes) throws(OpenPGPError) in
                try encryption.write(bytes)
            }
            try encryption.finish()
        } catch {
            encryption.cancel()
            throw error
        }
        // What the old version is replaced by must be readable, and be the same.
        guard try digestOfPlaintext(draft.descriptor, cryptor, { (_) throws(OpenPGPError) in }) == digest else {
            throw FileSystemError.failure(
                "what was encrypted anew does not read as what was there; nothing was replaced")
        }
        _ = fchown(draft.descriptor, status.st_uid, status.st_gid)
        draft.setPermissions(status.st_mode & 0o777)
        guard futimens(draft.descriptor, [status.st_atim, status.st_mtim]) == 0 else {
            throw FileSystemError(errno: errno)
        }
        var isChanged = false
        do {
            try draft.publish(to: directory) { () throws(FileSystemError) in
                let now = try directory.status(name)
                // Who changes it in place holds a lock on it, and would find another version at the end.
                isChanged =
                    now.map { FileVersion($0) != FileVersion(status) } ?? true || !file.lockAlone()
                guard !isChanged else { throw .failure("the file was changed meanwhile") }
                return (name, true)
            }
        } catch {
            throw isChanged ? Changed() as any Error : error
        }
    }

    /// Decrypts a stored file to its end.
    private func digestOfPlaintext(
        _ descriptor: Int32, _ cryptor: Cryptor, _ take: (ArraySlice<UInt8>) throws(OpenPGPError) -> Void
    ) throws -> [UInt8] {
        let decryption = try cryptor.decrypt(descriptor)
        defer { decryption.cancel() }
        let digest = try MessageDigest(.sha256)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            guard !isInterrupted() else { throw Interrupted() }
            let count = try decryption.read(into: &buffer)
            if count == 0 { return digest.finish() }
            buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            try take(buffer[..<count])
        }
    }
}

extension Directory {
    /// Opens a stored file that is to be changed in place: a lock on it keeps a change of its key away.
    func openToChange(_ name: [UInt8]) throws(FileSystemError) -> (file: OwnedDescriptor, status: stat) {
        var opened = try openFile(name)
        // It may be replaced in this very moment, again and again if somebody wants to.
        for _ in 1...10 {
            while flock(opened.file.raw, LOCK_SH) != 0 && errno == EINTR {}
            guard let now = try self.status(name), now.isRegularFile else { break }
            if now.st_ino == opened.status.st_ino && now.st_dev == opened.status.st_dev { break }
            opened = try openFile(name)
        }
        return opened
    }
}

extension OwnedDescriptor {
    /// Takes the lock on the file for this descriptor alone.
    ///
    /// - Returns: false when somebody else has it.
    fileprivate func lockAlone() -> Bool { flock(raw, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK }
}

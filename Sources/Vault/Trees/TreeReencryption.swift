internal import Foundation
package import OpenPGP
internal import Platform
package import SFTP

/// Re-encrypts the stored files of a home directory to the current key of a user.
///
/// Each file, complete or partial, is decrypted and encrypted into a draft in one stream. The draft is decrypted and
/// compared. Then it replaces the old version, with its times and permissions. A killed run leaves drafts, which the
/// next run removes, and the next run skips files that are encrypted to the current key.
package final class TreeReencryption: TreeVisitor {
    /// The numbers of files by result.
    package struct Tally: Sendable {
        /// Files that were re-encrypted; in a survey, that have to be.
        package var files = 0
        /// The stored bytes of these files.
        package var bytes: UInt64 = 0
        /// Files that are encrypted to the current key already.
        package var done = 0
        /// Files that are not encrypted to a key of this user.
        package var others = 0
        /// Files that another session has changed, or is changing.
        package var busy: [String] = []
        /// Files that are damaged or that no key here decrypts; they are not changed.
        package var damaged: [(path: String, reason: String)] = []

        package init() {}
    }

    private let data: Directory
    private let retired: Set<[UInt8]>
    /// The current key; nil for a survey.
    private let cryptor: Cryptor?
    private let isInterrupted: () -> Bool
    private let progress: (UInt64) -> Void
    private var tally = Tally()

    /// - Parameters:
    ///   - data: the data directory, for drafts.
    ///   - retired: the key IDs whose messages are to be re-encrypted.
    ///   - cryptor: encrypts to the current key, and decrypts with the retired ones; nil only counts.
    ///   - isInterrupted: called often; true stops the run, without a half written file.
    ///   - progress: called after each file, with its stored bytes.
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

    /// Re-encrypts all files below `home` that need it.
    ///
    /// - Throws: ``Interrupted``; ``SFTP/FileSystemError`` for an error that the next file would have too, such as a
    ///   full disk.
    package func run(in home: Directory) throws -> Tally {
        tally = Tally()
        if cryptor != nil { DraftFile.sweep(data) }
        let isDataDirectory = try home.status().isSameFile(as: data.status())
        try TreeEntry(root: home, isDataDirectory: isDataDirectory).walk(self)
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
        // The entry was removed, or another file system is mounted on it: it is not part of the home directory.
        if case .noSuchFile = error { return }
        if error == FileSystemError(errno: EXDEV) { return }
        tally.damaged.append((path.text, error.message))
    }

    private func take(_ entry: TreeEntry) throws {
        let path = entry.path.text
        do {
            let (file, status) = try entry.found.directory.openFile(entry.found.name)
            let count = UInt64(clamping: status.st_size)
            let recipients = try Cryptor.recipients(of: file.raw, count: count)
            guard recipients.contains(where: { retired.contains($0) }) else {
                if let cryptor, recipients.contains(cryptor.recipient) { tally.done += 1 } else { tally.others += 1 }
                return
            }
            if let cryptor { try reencrypt(file, status, entry, cryptor) }
            tally.files += 1
            tally.bytes += count
            progress(count)
        } catch is Changed {
            tally.busy.append(path)
        } catch FileSystemError.noSuchFile {
            // Another session has removed or renamed the file.
        } catch let error as FileSystemError where error == FileSystemError(errno: EACCES) {
            // A mode that keeps this user out ends nothing but the work on this file.
            tally.damaged.append((path, error.message))
        } catch let error as OpenPGPError where error.code == .message || error.code == .key {
            tally.damaged.append((path, error.description))
        } catch let error as OpenPGPError {
            throw FileSystemError(error)
        }
    }

    /// The file was changed while it was re-encrypted, or another session is changing it.
    private struct Changed: Error {}

    private func reencrypt(
        _ file: OwnedDescriptor, _ status: stat, _ entry: TreeEntry, _ cryptor: Cryptor
    ) throws {
        let (directory, name, isPartial) = (entry.found.directory, entry.found.name, entry.kind == .partial)
        let draft = try DraftFile(in: DraftsDirectory(in: data), mode: status.st_mode & 0o777)
        let encryption = try cryptor.encrypt(into: draft.descriptor, isPartial: isPartial)
        let digest: [UInt8]
        do {
            digest = try digestOfPlaintext(file.raw, cryptor, isPartial) { (bytes) throws(OpenPGPError) in
                try encryption.write(bytes)
            }
            try encryption.finish()
        } catch {
            encryption.cancel()
            throw error
        }
        // The draft must decrypt to the same plaintext before it replaces the old version.
        let written = try draft.openToRead()
        defer { withExtendedLifetime(written) {} }
        guard try digestOfPlaintext(written.raw, cryptor, isPartial, { (_) throws(OpenPGPError) in }) == digest else {
            throw FileSystemError.failure(
                "the re-encrypted file does not decrypt to the same contents; nothing was replaced")
        }
        _ = fchown(draft.descriptor, status.st_uid, status.st_gid)
        draft.setPermissions(status.st_mode & 0o777)
        try draft.setTimes(status.times)
        var isChanged = false
        var lock: FileLock?
        do {
            try draft.publish(to: directory) { () throws(FileSystemError) in
                let now = try directory.status(name)
                // A session that changes the file in place has a shared lock on it.
                lock = FileLock(.exclusive, ifFreeOn: file)
                isChanged = now.map { FileVersion($0) != FileVersion(status) } ?? true || lock == nil
                guard !isChanged else { throw .failure("the file was changed") }
                return (name, Placement.replace)
            }
            withExtendedLifetime(lock) {}
        } catch {
            throw isChanged ? Changed() as any Error : error
        }
    }

    /// The SHA-256 hash of a stored file's plaintext; `take` gets the plaintext.
    private func digestOfPlaintext(
        _ descriptor: Int32, _ cryptor: Cryptor, _ isPartial: Bool,
        _ take: (ArraySlice<UInt8>) throws(OpenPGPError) -> Void
    ) throws -> [UInt8] {
        let decryption = try cryptor.decrypt(descriptor, isPartial: isPartial)
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

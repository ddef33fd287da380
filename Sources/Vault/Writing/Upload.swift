internal import Foundation
internal import OpenPGP
internal import SFTP

/// A file being written in this session, through one or several open handles.
///
/// A CLOSE makes the draft the stored file. Until then an older version stays as it is, and whatever fails leaves it
/// so.
final class Upload {
    /// Where the file will be.
    ///
    /// A rename while it is open changes that.
    var path: VirtualPath
    /// Handles that are open on it, and those of them that write.
    private var handles = 0
    private var writers = 0

    private unowned let vault: VaultFileSystem
    private var directory: Directory
    /// The version whose bytes stay where nothing is written.
    private var older: BaseVersion?
    private let contents: UploadContents
    private var attributesToSet = FileAttributes()
    private var lastWrite: timespec?
    /// EXCL: publishing must not replace what has come there meanwhile.
    private var isExclusive: Bool
    /// Opened without TRUNC where there was nothing: what has come there meanwhile was not meant to go.
    private var expectsNothing: Bool
    /// The permissions of the version that is replaced.
    private let keptMode: mode_t?
    /// Whether there is something that no CLOSE has stored yet.
    private var isUnsaved = false
    private var isDiscarded = false
    /// Whether a handle that wrote has ended without a CLOSE.
    private var wasAbandoned = false
    private var failure: FileSystemError?

    /// - Parameters:
    ///   - older: the version it begins from; nil begins with an empty file.
    ///   - replaced: the status of what has the name now.
    ///   - mode: the permissions of a new file.
    init(
        _ path: VirtualPath, _ directory: Directory, over older: BaseVersion?, _ flags: OpenFlags,
        replacing replaced: stat?, mode: mode_t, in vault: VaultFileSystem
    ) throws(FileSystemError) {
        self.path = path
        self.directory = directory
        self.older = older
        self.vault = vault
        isExclusive = flags.contains(.exclusive)
        expectsNothing = older == nil && !flags.contains(.truncate)
        keptMode = replaced.map { $0.st_mode & 0o777 }
        // What is opened to be read as well will be read before CLOSE.
        contents = try UploadContents(
            over: older?.contents, isStreaming: !flags.contains(.read), mode: keptMode ?? mode, in: vault)
        if older == nil { touch() }
    }

    /// Bytes, as far as the client can know.
    var count: UInt64 { contents.count }
    /// Bytes of it that are not in its draft yet.
    var pending: UInt64 { contents.pending }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        try attempt { () throws(FileSystemError) in try contents.read(at: offset, into: buffer) }
    }

    /// Makes sure that there is nothing beyond ``count``, before a reader is told so.
    func confirmEnd() throws(FileSystemError) {
        if let failure { throw failure }
        try contents.confirmEnd()
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        if let failure { throw failure }
        guard !bytes.isEmpty else { return }
        touch()
        try attempt { () throws(FileSystemError) in try contents.write(bytes, at: offset) }
    }

    func truncate(to count: UInt64) throws(FileSystemError) {
        guard count != contents.count else { return }
        // A size that is refused changes nothing.
        try contents.admit(count)
        touch()
        try attempt { () throws(FileSystemError) in try contents.truncate(to: count) }
    }

    private func touch() {
        isUnsaved = true
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        lastWrite = now
        attributesToSet.times = nil
    }

    /// Remembers the first failure: all that follows, and the CLOSE, end with it.
    private func attempt(_ body: () throws(FileSystemError) -> Void) throws(FileSystemError) {
        if let failure { throw failure }
        do throws(FileSystemError) {
            try body()
        } catch {
            failure = error
            throw error
        }
    }

    func attributes() throws(FileSystemError) -> FileAttributes {
        let status = if let older { older.status } else { try contents.draft.status() }
        var attributes = status.attributes(size: contents.count)
        if let lastWrite {
            let seconds = UInt32(clamping: lastWrite.tv_sec)
            attributes.times = .init(access: seconds, modification: seconds)
        }
        if let permissions = attributesToSet.permissions {
            attributes.permissions = UInt32(S_IFREG) | permissions & 0o777
        }
        if let times = attributesToSet.times { attributes.times = times }
        return attributes
    }

    /// Sets the size now, and remembers the rest for CLOSE, which would change the times again.
    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        if let size = attributes.size {
            try truncate(to: size)
            expectsNothing = false
        }
        if let permissions = attributes.permissions { attributesToSet.permissions = permissions }
        if let times = attributes.times { attributesToSet.times = times }
        if let owner = attributes.owner { attributesToSet.owner = owner }
    }

    func synchronize() throws(FileSystemError) {
        if let failure { throw failure }
        if let error = contents.failure { throw error }
    }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try directory.statistics() }

    /// Its name was removed while it was open: it goes on to nowhere, as an unlinked file does.
    func discard() { isDiscarded = true }

    /// Its name was changed while it was open.
    ///
    /// - Parameter replacing: whether a file of the new name was to give way.
    func retarget(_ path: VirtualPath, _ directory: Directory, replacing: Bool) {
        if replacing {
            isExclusive = false
            expectsNothing = false
        }
        self.path = path
        self.directory = directory
    }
}

/// How it ends.
extension Upload {
    /// A handle was opened on it.
    func retain(isWriter: Bool) {
        handles += 1
        if isWriter { writers += 1 }
    }

    /// One of its handles was closed: stores what has been written through any of them.
    ///
    /// - Parameter isWriter: whether the handle was open for writing.
    func close(isWriter: Bool) throws(FileSystemError) {
        defer { release(isWriter) }
        guard isWriter, !isDiscarded else { return }
        try attempt { () throws(FileSystemError) in
            if isUnsaved {
                try publish()
            } else if let older {
                try keep(older)
            }
        }
    }

    /// The connection of one of its handles has ended.
    ///
    /// - Returns: what that means for what was written, for the log.
    func abandon(isWriter: Bool) -> FileSystemError? {
        if isWriter { wasAbandoned = true }
        release(isWriter)
        guard isWriter, isUnsaved else { return failure }
        return failure ?? .failure("the connection ended before the upload was complete")
    }

    private func release(_ isWriter: Bool) {
        handles -= 1
        if isWriter { writers -= 1 }
        if handles == 0 {
            if wasAbandoned, isUnsaved, !isDiscarded, failure == nil {
                do throws(FileSystemError) { try sealPartial() } catch { failure = error }
            }
            contents.cancel()
        }
        // What only readers hold, and is stored, is theirs alone: others open what is stored.
        if handles == 0 || writers == 0 && !isUnsaved, vault.uploads[path] === self { vault.uploads[path] = nil }
    }

    /// Completes the message and gives it its name.
    private func publish() throws(FileSystemError) {
        try contents.finish()
        try setDraftAttributes()
        try contents.draft.publish(to: directory) { () throws(FileSystemError) in
            let replacing = try mayReplace()
            return (try vault.storedName(name, .file, in: directory), replacing)
        }
        vault.removePartial(of: name, in: directory)
        vault.published(path, try contents.draft.status(), size: count)
        isUnsaved = false
        isExclusive = false
        expectsNothing = false
        if handles > 1 { try continueFromStored() }
    }

    /// Other handles are still open on it: they go on with what is stored now.
    private func continueFromStored() throws(FileSystemError) {
        let stored = try BaseVersion(stored(), in: vault)
        older = stored
        lastWrite = nil
        attributesToSet = FileAttributes()
        try contents.restart(over: stored.contents)
    }

    /// Opened and closed without a write, as `touch` does: the older version stays, with new attributes perhaps.
    private func keep(_ older: BaseVersion) throws(FileSystemError) {
        // Whether all of it had come when it was cut off, nobody knows: it must not pass for complete.
        guard !older.isPartial else {
            throw .failure("incomplete upload: nothing was added to it; send the file again")
        }
        let stored = try stored()
        guard try mayReplace() else { throw .permissionDenied("somebody else's file has the name now") }
        try directory.set(attributesToSet, on: stored)
        if let changed = try directory.status(stored.name) { vault.own.refresh(path, changed) }
    }

    /// The file's name in its directory.
    private var name: [UInt8] { path.name ?? [] }

    /// What has the name now.
    private func stored() throws(FileSystemError) -> ResolvedPath {
        guard let there = try vault.entry(name, .file, in: directory) else { throw .noSuchFile("the file is gone") }
        return ResolvedPath(directory: directory, name: there.stored, status: there.status, path: path)
    }

    /// Keeps what has arrived of an upload that was cut off, if there is no older version of that name.
    private func sealPartial() throws(FileSystemError) {
        guard contents.arrived > 0, try vault.entry(name, .file, in: directory) == nil else { return }
        guard (try? vault.storedName(name, .partial, in: directory)) != nil else { return }
        try contents.truncate(to: contents.arrived)
        try contents.finish()
        try contents.draft.publish(to: directory) { () throws(FileSystemError) in
            guard try vault.entry(name, .file, in: directory) == nil, try !isOutdated(by: nil) else {
                throw .failure(
                    "the connection ended before the upload was complete, and another session has stored the file")
            }
            let partial = try vault.storedName(name, .partial, in: directory)
            guard let status = try directory.status(partial, on: vault.volume) else { return (partial, false) }
            return (partial, try mayReplace(partial: status, partial))
        }
        failure = .failure("the connection ended before the upload was complete: \(count) bytes are kept")
    }

    /// Whether a partial that is there already gives way: the one that was continued, or a shorter one.
    private func mayReplace(partial status: stat, _ name: [UInt8]) throws(FileSystemError) -> Bool {
        if older?.isSameFile(as: status) == true { return true }
        // A stranger's must not take the place of what the owner has begun.
        guard vault.view == .plaintext, status.isRegularFile else { return false }
        return try vault.size(of: ResolvedPath(directory: directory, name: name, status: status, path: path)) < count
    }

    /// Whether what has the name now may be replaced: other sessions went on while this file was written.
    ///
    /// - Throws: when this must not be stored at all.
    private func mayReplace() throws(FileSystemError) -> Bool {
        if try vault.entry(name, .directory, in: directory) != nil {
            throw .failure("there is a directory of that name now")
        }
        let status = try vault.entry(name, .file, in: directory)?.status
        guard try !isOutdated(by: status) else {
            throw .failure("the file was changed by another session meanwhile: open it again")
        }
        guard let status, !isExclusive else { return false }
        return vault.view == .plaintext || vault.own.contains(path, status)
    }

    /// Whether another session has stored what this one would undo: two that change one version in place, or two that
    /// begin one file without TRUNC.
    private func isOutdated(by status: stat?) throws(FileSystemError) -> Bool {
        guard let older else { return expectsNothing && status != nil }
        guard contents.usesBase else { return false }
        var there = status
        if there == nil { there = try vault.entry(name, .partial, in: directory)?.status }
        return there.map { !older.isSameFile(as: $0) } ?? false
    }

    private func setDraftAttributes() throws(FileSystemError) {
        let draft = contents.draft
        if let owner = attributesToSet.owner { _ = fchown(draft.descriptor, owner.user, owner.group) }
        let mode = attributesToSet.permissions.map { mode_t($0 & 0o777) } ?? keptMode
        if let mode { draft.setPermissions(mode) }
        // Encrypting may have taken a while: the time is that of the last write, as STAT has told it.
        let times = attributesToSet.times?.timespecs ?? lastWrite.map { [$0, $0] }
        if let times, futimens(draft.descriptor, times) != 0 { throw FileSystemError(errno: errno) }
    }
}

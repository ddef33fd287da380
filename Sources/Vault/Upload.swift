internal import Foundation
internal import OpenPGP
internal import SFTP

/// A file being written in this session, through one or several open handles.
///
/// A CLOSE makes the draft the stored file. Until then an older version stays as it is, and whatever fails leaves it so.
final class Upload {
    /// Where the file will be.
    ///
    /// A rename while it is open changes that.
    var path: VirtualPath
    /// Handles that are open on it.
    var handles = 0

    private unowned let vault: VaultFileSystem
    private var folder: Folder
    private var storedName: [UInt8]
    /// The version whose octets stay where nothing is written.
    private var older: StoredVersion?
    private let contents: DraftContents
    private var attributesToSet = FileAttributes()
    private var lastWrite: timespec?
    /// EXCL: publishing must not replace what has come there meanwhile.
    private var isExclusive: Bool
    /// Whether there is something that no CLOSE has stored yet.
    private var isUnsaved = false
    private var isDiscarded = false
    private var failure: FileSystemError?

    /// - Parameters:
    ///   - older: the version it begins from; nil begins with an empty file.
    ///   - isStreaming: false when what is written will be read again before CLOSE.
    ///   - mode: the permissions of the stored file.
    init(
        _ path: VirtualPath, _ folder: Folder, _ storedName: [UInt8], over older: StoredVersion?, isStreaming: Bool,
        isExclusive: Bool, mode: mode_t, in vault: VaultFileSystem
    ) throws(FileSystemError) {
        self.path = path
        self.folder = folder
        self.storedName = storedName
        self.older = older
        self.isExclusive = isExclusive
        self.vault = vault
        contents = try DraftContents(over: older?.contents, isStreaming: isStreaming, mode: mode, in: vault)
        if older == nil { touch() }
    }

    /// Octets, as far as the client can know.
    var count: UInt64 { contents.count }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        try attempt { () throws(FileSystemError) in try contents.read(at: offset, into: buffer) }
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        if let failure { throw failure }
        guard !bytes.isEmpty else { return }
        touch()
        try attempt { () throws(FileSystemError) in try contents.write(bytes, at: offset) }
    }

    func truncate(to count: UInt64) throws(FileSystemError) {
        guard count != contents.count else { return }
        touch()
        try attempt { () throws(FileSystemError) in try contents.truncate(to: count) }
    }

    private func touch() {
        isUnsaved = true
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        lastWrite = now
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

    /// Sets the size now, and remembers the rest: writing goes on, and would change the times again.
    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        if let size = attributes.size { try truncate(to: size) }
        if let permissions = attributes.permissions { attributesToSet.permissions = permissions }
        if let times = attributes.times { attributesToSet.times = times }
        if let owner = attributes.owner { attributesToSet.owner = owner }
    }

    func synchronize() throws(FileSystemError) {
        if let failure { throw failure }
        if let error = contents.failure { throw error }
    }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try folder.statistics() }

    /// Its name was removed while it was open: it goes on to nowhere, as an unlinked file does.
    func discard() { isDiscarded = true }

    /// Its name was changed while it was open.
    ///
    /// - Parameter replacing: whether a file of the new name was to give way.
    func retarget(_ path: VirtualPath, _ folder: Folder, _ storedName: [UInt8], replacing: Bool) {
        if replacing { isExclusive = false }
        self.path = path
        self.folder = folder
        self.storedName = storedName
    }
}

/// How it ends.
extension Upload {
    /// One of its handles was closed: stores what has been written through any of them.
    ///
    /// - Parameter isWriter: whether the handle was open for writing.
    func close(isWriter: Bool) throws(FileSystemError) {
        defer { release() }
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
    /// - Returns: what became of it, for the log.
    func abandon() -> FileSystemError {
        defer { release() }
        var kept: UInt64?
        if handles == 1, isUnsaved, !isDiscarded, failure == nil {
            do throws(FileSystemError) { kept = try sealPartial() } catch { return error }
        }
        return .failure(
            kept.map { "the connection ended before the upload was complete: \($0) octets are kept" }
                ?? "the connection ended before the upload was complete")
    }

    private func release() {
        handles -= 1
        guard handles == 0 else { return }
        contents.cancel()
        if vault.uploads[path] === self { vault.uploads[path] = nil }
    }

    /// Completes the message and gives it its name.
    private func publish() throws(FileSystemError) {
        try contents.finish()
        try expectOlderVersion()
        try setDraftAttributes()
        try contents.draft.publish(to: folder, storedName, replacing: try mayReplace())
        if let name = path.name { folder.removePartial(of: name) }
        vault.published(path, try contents.draft.status(), size: count)
        isUnsaved = false
        isExclusive = false
        if handles > 1 { try continueFromStored() }
    }

    /// Other handles are still open on it: they go on with what is stored now.
    private func continueFromStored() throws(FileSystemError) {
        guard let status = try folder.status(storedName) else { throw .noSuchFile("the file is gone") }
        let found = Found(folder: folder, name: storedName, status: status, path: path)
        let stored = try StoredVersion(found, in: vault)
        older = stored
        lastWrite = nil
        attributesToSet = FileAttributes()
        try contents.restart(over: stored.contents)
    }

    /// Opened and closed without a write, as `touch` does: the older version stays, with new attributes perhaps.
    private func keep(_ older: StoredVersion) throws(FileSystemError) {
        let name = older.isPartial ? path.name.map(StoredName.partial) ?? storedName : storedName
        guard let status = try folder.status(name) else { throw .noSuchFile("the file is gone") }
        if !older.isPartial, try !mayReplace() { throw .permissionDenied("somebody else's file has the name now") }
        try folder.set(attributesToSet, on: Found(folder: folder, name: name, status: status, path: path))
        if let changed = try folder.status(name) { vault.own.refresh(path, changed) }
    }

    /// Keeps what has arrived of an upload that was cut off, if there is no older version of that name.
    ///
    /// - Returns: how many octets; nil when nothing is kept.
    private func sealPartial() throws(FileSystemError) -> UInt64? {
        guard let name = path.name, contents.arrived > 0, try folder.status(storedName) == nil else { return nil }
        let partial = StoredName.partial(name)
        guard partial.count <= Limits.nameLength else { return nil }
        try contents.truncate(to: contents.arrived)
        try contents.finish()
        try expectOlderVersion()
        // A stranger's must not take the place of what the owner has begun.
        try contents.draft.publish(to: folder, partial, replacing: vault.view == .plaintext)
        return count
    }

    /// Two sessions that change one file in place would each undo what the other did: the second is told.
    private func expectOlderVersion() throws(FileSystemError) {
        guard contents.usesBase, let older, let name = path.name else { return }
        var status = try folder.status(storedName)
        if status == nil { status = try folder.status(StoredName.partial(name)) }
        guard let status, !older.isSameFile(as: status) else { return }
        throw .failure("the file was changed by another session meanwhile: open it again")
    }

    /// Whether what has the name now may be replaced: other sessions went on while this file was written.
    private func mayReplace() throws(FileSystemError) -> Bool {
        if let name = path.name, let status = try folder.status(name), status.isFolder {
            throw .failure("there is a folder of that name now")
        }
        guard let status = try folder.status(storedName), !isExclusive else { return false }
        return vault.view == .plaintext || vault.own.contains(path, status)
    }

    private func setDraftAttributes() throws(FileSystemError) {
        let draft = contents.draft
        if let owner = attributesToSet.owner { _ = fchown(draft.descriptor, owner.user, owner.group) }
        if let permissions = attributesToSet.permissions { draft.setPermissions(mode_t(permissions & 0o777)) }
        // Encrypting may have taken a while: the time is that of the last write, as STAT has told it.
        let times = attributesToSet.times?.timespecs ?? lastWrite.map { [$0, $0] }
        if let times, futimens(draft.descriptor, times) != 0 { throw FileSystemError(errno: errno) }
    }
}

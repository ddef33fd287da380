internal import Foundation
internal import OpenPGP
internal import SFTP

/// A file that this session is writing, through one or several handles.
///
/// CLOSE makes the draft the stored file. Until then an older version stays as it is, and a failure leaves it so.
/// ``VaultFileSystem`` calls the functions that end an upload, and draws the consequences for the session.
final class Upload {
    /// What a handle was opened for.
    enum Access {
        case reader
        case writer
    }

    /// The path that the file will have.
    ///
    /// A rename of the open file changes it.
    var path: VirtualPath
    private var handles = 0
    /// The number of the handles that are open for writing.
    private var writers = 0

    private let home: HomeDirectory
    private let store: MessageStore
    private var directory: Directory
    private var expectation: Expectation
    private var state = State.clean
    private let contents: UploadContents
    private var attributesToSet = FileAttributes()
    private var lastWrite: timespec?
    /// The permissions of the version that is replaced.
    private let keptMode: mode_t?
    /// The version that CLOSE has replaced, until its books are closed.
    private var replaced: stat?

    /// - Parameters:
    ///   - base: the version whose bytes stay where nothing is written; nil for an empty file.
    ///   - keptMode: the permissions of the file that has the name.
    ///   - mode: the permissions of a new file.
    init(
        _ path: VirtualPath, _ directory: Directory, over base: BaseVersion?, _ flags: OpenFlags, keptMode: mode_t?,
        mode: mode_t, _ home: HomeDirectory, _ store: MessageStore
    ) throws(FileSystemError) {
        self.path = path
        self.directory = directory
        self.home = home
        self.store = store
        self.keptMode = keptMode.map { home.permitted($0, isDirectory: false) }
        expectation = Expectation(
            base, truncates: flags.contains(.truncate), isExclusive: flags.contains(.exclusive))
        // A file that is opened for reading too will be read before CLOSE.
        contents = try UploadContents(
            over: base?.contents, flags.contains(.read) ? .atClose : .whileWriting,
            mode: home.permitted(keptMode ?? mode, isDirectory: false), home, store)
        if base == nil { touch() }
    }

    /// The size that the client sees.
    var count: UInt64 { contents.count }
    /// The bytes of it that are not in the draft yet.
    var pending: UInt64 { contents.pending }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        try attempt { () throws(FileSystemError) in try contents.read(at: offset, into: buffer) }
    }

    /// Checks that the file ends at ``count``, before a reader is told so.
    func confirmEnd() throws(FileSystemError) {
        if let failure = state.failure { throw failure }
        try contents.confirmEnd()
    }

    /// - Parameter pending: the bytes that all uploads of the session will still write to the disk.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64, pending: () -> UInt64) throws(FileSystemError) {
        if let failure = state.failure { throw failure }
        guard !bytes.isEmpty else { return }
        touch()
        try attempt { () throws(FileSystemError) in try contents.write(bytes, at: offset, pending: pending) }
    }

    /// - Parameter pending: see ``write(_:at:pending:)``.
    func truncate(to count: UInt64, pending: () -> UInt64) throws(FileSystemError) {
        guard count != contents.count else { return }
        // A size that is refused changes nothing.
        try contents.admit(count, pending: pending)
        touch()
        try attempt { () throws(FileSystemError) in try contents.truncate(to: count) }
    }

    /// Takes note of the size that the client has announced for a new file, so that one without room is refused at once.
    ///
    /// - Parameter pending: see ``write(_:at:pending:)``.
    func expect(_ size: UInt64, pending: () -> UInt64) throws(FileSystemError) {
        try contents.admit(size, pending: pending)
    }

    private func touch() {
        state.write()
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        lastWrite = now
        attributesToSet.times = nil
    }

    /// Runs `body`, and remembers its error: all later calls, and CLOSE, fail with it.
    private func attempt<Result>(_ body: () throws(FileSystemError) -> Result) throws(FileSystemError) -> Result {
        if let failure = state.failure { throw failure }
        do throws(FileSystemError) {
            return try body()
        } catch {
            state.fail(error)
            throw error
        }
    }

    func attributes() throws(FileSystemError) -> FileAttributes {
        let status = if let base = expectation.base { base.status } else { try contents.draft.status() }
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

    /// Sets the size now, and the other attributes at CLOSE, because each WRITE changes the times.
    ///
    /// - Parameter pending: see ``write(_:at:pending:)``.
    func setAttributes(_ attributes: FileAttributes, pending: () -> UInt64) throws(FileSystemError) {
        if let size = attributes.size {
            try truncate(to: size, pending: pending)
            expectation.setSize()
        }
        if let permissions = attributes.permissions { attributesToSet.permissions = permissions }
        if let times = attributes.times { attributesToSet.times = times }
        if let owner = attributes.owner { attributesToSet.owner = owner }
    }

    func synchronize() throws(FileSystemError) {
        if let failure = state.failure { throw failure }
        if let error = contents.failure { throw error }
    }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { home.limited(try directory.statistics()) }

    /// Follows the removal of its name: nothing of it will be stored, as with an unlinked file of POSIX.
    func discard() { expectation.discard() }

    /// Follows a rename of the open file.
    ///
    /// - Parameter existing: what happens to a file of the new name.
    func retarget(_ path: VirtualPath, _ directory: Directory, existing: ExistingFile) {
        if existing == .replace { expectation.renameReplacing() }
        self.path = path
        self.directory = directory
    }
}

/// How handles and the upload itself end.
extension Upload {
    /// Counts a handle that was opened.
    func retain(_ access: Access) {
        handles += 1
        if access == .writer { writers += 1 }
    }

    /// Stores what has been written through any handle, because one of them is closed.
    ///
    /// The handle itself still counts until ``release(_:)``.
    ///
    /// - Returns: whether the file was stored; else an older version has the name as before, perhaps with other
    ///   attributes.
    func close(_ access: Access) throws(FileSystemError) -> Bool {
        guard access == .writer, !expectation.isDiscarded else { return false }
        return try attempt { () throws(FileSystemError) in
            if state.isUnsaved {
                try publish()
                return true
            }
            if case .version(let base) = expectation { try keep(base) }
            return false
        }
    }

    /// Continues with the version that was just stored, if other handles are still open.
    func continueFromStored() throws(FileSystemError) {
        guard handles > 1 else { return }
        try attempt { () throws(FileSystemError) in
            let stored = try BaseVersion(stored(), home.view, store)
            expectation = .version(stored)
            lastWrite = nil
            attributesToSet = FileAttributes()
            try contents.restart(over: stored.contents)
        }
    }

    /// Ends a handle.
    ///
    /// The last one keeps the partial of an upload whose last writer has ended without a CLOSE.
    ///
    /// - Returns: whether later calls of OPEN must not find this upload: it has no handle any more, or only readers of
    ///   a version that is stored.
    func release(_ access: Access) -> Bool {
        handles -= 1
        if access == .writer { writers -= 1 }
        if handles == 0 {
            if case .dirty = state, !expectation.isDiscarded {
                do throws(FileSystemError) { try keepPartial() } catch { state.fail(error) }
            }
            contents.cancel()
        }
        return handles == 0 || writers == 0 && !state.isUnsaved
    }

    /// The reason why a handle that has ended without a CLOSE has not stored the file; nil when nothing is lost.
    func reasonNotStored(_ access: Access) -> FileSystemError? {
        guard state.failure == nil, access == .writer, state.isUnsaved else { return state.failure }
        return .failure("the connection ended before the upload was complete")
    }

    /// Completes the message and gives it its name.
    private func publish() throws(FileSystemError) {
        try contents.finish()
        try setDraftAttributes()
        let size = count
        let draft = contents.draft
        let finished = try draft.status()
        let isAmbiguous = home.view == .visit && store.isAmbiguous(draft.file, finished)
        try draft.publish(
            to: directory, pause: home.pause,
            as: { () throws(FileSystemError) in
                try home.confirm(directory, at: path.parent)
                let placement = try checkConflicts()
                return (try home.storedName(name, .file, in: directory), placement)
            },
            named: { status in
                if let replaced { home.strike(replaced) }
                contents.settle()
                home.book(stored: status, size: size, isAmbiguous: isAmbiguous)
            })
        if try home.entry(name, .partial, in: directory) != nil {
            try home.locked(directory) { home.removePartial(of: name, in: directory) }
        }
        store.remember(size: size, of: try draft.status())
        state = .clean
    }

    /// Sets attributes of the older version: the file was opened and closed without a WRITE, as `touch` does.
    private func keep(_ base: BaseVersion) throws(FileSystemError) {
        // Nothing tells whether a partial is complete, so it must not get the file's name.
        guard !base.isPartial else {
            throw .failure("incomplete upload: nothing was added to it; send the file again")
        }
        let stored = try stored()
        guard try !isConflict(stored.status) else { throw Upload.conflict }
        guard attributesToSet != FileAttributes() else { return }
        try home.confirm(directory, at: path.parent)
        try home.set(attributesToSet, on: stored)
    }

    /// The file's name in its directory.
    private var name: [UInt8] { path.name ?? [] }

    /// The stored file that has the name.
    private func stored() throws(FileSystemError) -> ResolvedPath {
        guard let there = try home.entry(name, .file, in: directory) else { throw .noSuchFile("the file is gone") }
        return ResolvedPath(directory: directory, name: there.stored, status: there.status, path: path)
    }

    /// Stores what has arrived of an interrupted upload as a partial, unless an older version has the name.
    private func keepPartial() throws(FileSystemError) {
        guard contents.arrived > 0, try home.entry(name, .file, in: directory) == nil else { return }
        guard (try? home.storedName(name, .partial, in: directory)) != nil else { return }
        try contents.truncate(to: contents.arrived)
        try contents.finishPartial()
        try contents.draft.publish(
            to: directory, pause: home.pause,
            as: { () throws(FileSystemError) in
                try home.confirm(directory, at: path.parent)
                guard try home.entry(name, .file, in: directory) == nil, try !isConflict(nil) else {
                    throw .failure(
                        "the connection ended before the upload was complete, and another session has stored the file")
                }
                let partial = try home.storedName(name, .partial, in: directory)
                guard let status = try directory.status(partial, on: home.volume) else { return (partial, .keep) }
                guard try replaces(partial, status) else { return (partial, .keep) }
                replaced = status
                return (partial, .replace)
            },
            named: { status in
                if let replaced { home.strike(replaced) }
                contents.settle()
                home.book(stored: status)
            })
        state.fail(.failure("the connection ended before the upload was complete: \(count) bytes are kept"))
    }

    /// Whether this partial replaces an existing one: the one that was resumed, or a shorter one.
    private func replaces(_ name: [UInt8], _ status: stat) throws(FileSystemError) -> Bool {
        if expectation.base?.status.isSameFile(as: status) == true { return true }
        // A session that adds must not replace what another one has begun.
        guard home.isOwn(status), status.isRegularFile else { return false }
        let partial = ResolvedPath(directory: directory, name: name, status: status, path: path)
        return try store.size(of: partial, home.view) < count
    }

    /// Decides whether a file that has the name now is replaced: other sessions may have stored one since OPEN.
    ///
    /// - Throws: when this upload must not be stored at all.
    private func checkConflicts() throws(FileSystemError) -> Placement {
        if try home.entry(name, .directory, in: directory) != nil {
            throw .failure("there is a directory of that name now")
        }
        let status = try home.entry(name, .file, in: directory)?.status
        guard try !isConflict(status) else {
            throw Upload.conflict
        }
        let placement = try home.placement(
            of: name, over: status, expectation.isExclusive ? .keep : .replace, in: directory)
        replaced = placement == .replace ? status : nil
        return placement
    }

    private static let conflict = FileSystemError.failure(
        "the file was changed by another session since it was opened: open it again")

    /// Whether storing this upload would undo what another session has stored: both have changed one version in place,
    /// or both have begun a file without TRUNC.
    ///
    /// - Parameter status: the status of the stored file that has the name.
    private func isConflict(_ status: stat?) throws(FileSystemError) -> Bool {
        switch expectation {
        case .replaceAny, .exclusiveTruncated, .discarded: return false
        case .nothingThere, .exclusive: return status != nil
        case .version(let base):
            guard contents.usesBase else { return false }
            var there = status
            if there == nil { there = try home.entry(name, .partial, in: directory)?.status }
            return there.map { !base.status.isSameFile(as: $0) } ?? false
        }
    }

    private func setDraftAttributes() throws(FileSystemError) {
        let draft = contents.draft
        if let owner = attributesToSet.owner { _ = fchown(draft.descriptor, owner.user, owner.group) }
        let mode =
            attributesToSet.permissions.map { home.permitted(mode_t($0 & 0o777), isDirectory: false) }
            ?? keptMode
        if let mode { draft.setPermissions(mode) }
        // The time is that of the last WRITE, as STAT has told it: encryption may end much later.
        let times = attributesToSet.times?.timespecs ?? lastWrite.map { [$0, $0] }
        if let times { try draft.setTimes(times) }
    }
}

internal import Foundation
internal import OpenPGP
internal import SFTP

/// A file being written: a draft that becomes the stored file at CLOSE.
///
/// Until then an older version stays as it is, and whatever fails leaves it so.
final class Upload: OpenFile {
    /// Where the file will be.
    ///
    /// A rename while it is open changes that.
    var path: VirtualPath
    /// Octets received: the next write has to start here.
    private(set) var written: UInt64 = 0
    /// Whether there was an older version, and it was opened without TRUNC: what is not written over stays.
    var keepsOldContents = false
    /// EXCL: publishing must not replace what has come there meanwhile.
    var isExclusive = false
    /// APPEND: every write goes to the end, wherever the client says (libssh2 counts from 0).
    var ignoresOffsets = false

    private unowned let vault: VaultFileSystem
    private var folder: Folder
    private var storedName: [UInt8]
    private let draft: Draft
    private var encryption: Encryption?
    private var attributesToSet = FileAttributes()
    private var sizeWasSet = false
    private var discarded = false
    private var failure: FileSystemError?
    private let number: Int

    init(_ path: VirtualPath, _ folder: Folder, _ storedName: [UInt8], _ draft: Draft, in vault: VaultFileSystem) {
        self.path = path
        self.folder = folder
        self.storedName = storedName
        self.draft = draft
        self.vault = vault
        number = vault.opened(path, .upload)
    }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        throw .permissionDenied("the file was not opened for reading")
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        if let failure { throw failure }
        guard !bytes.isEmpty else { return }
        guard ignoresOffsets || offset == written else {
            throw fail(.unsupported("the file has to be written from its start to its end, in order"))
        }
        do throws(OpenPGPError) {
            try startedEncryption().write(bytes)
        } catch {
            throw fail(FileSystemError(error))
        }
        written += UInt64(bytes.count)
    }

    func attributes() throws(FileSystemError) -> FileAttributes {
        var attributes = try draft.status().attributes(size: written)
        if let permissions = attributesToSet.permissions {
            attributes.permissions = UInt32(S_IFREG) | permissions & 0o777
        }
        if let times = attributesToSet.times { attributes.times = times }
        return attributes
    }

    /// Remembers what to set: writing goes on, and would change the times again.
    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {
        if let size = attributes.size {
            guard size == written else {
                throw .unsupported("the size can only be set to the \(written) octets received so far")
            }
            sizeWasSet = true
        }
        if let permissions = attributes.permissions { attributesToSet.permissions = permissions }
        if let times = attributes.times { attributesToSet.times = times }
        if let owner = attributes.owner { attributesToSet.owner = owner }
    }

    func synchronize() throws(FileSystemError) {
        if let failure { throw failure }
        if let error = encryption?.failure { throw fail(FileSystemError(error)) }
    }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try folder.statistics() }

    /// Its name was removed while it was open: it goes on to nowhere, as an unlinked file does.
    func discard() { discarded = true }

    /// Its name was changed while it was open.
    func retarget(_ path: VirtualPath, _ folder: Folder, _ storedName: [UInt8]) {
        self.path = path
        self.folder = folder
        self.storedName = storedName
    }

    func close() throws(FileSystemError) {
        do throws(FileSystemError) {
            if let failure { throw failure }
            if discarded { cancel() } else { try publish() }
        } catch {
            cancel()
            end(error)
            throw error
        }
        end(nil)
    }

    func abandon() {
        cancel()
        end(.failure("the connection ended before the upload was complete"))
    }

    /// Completes the message and gives it its name.
    private func publish() throws(FileSystemError) {
        let isUntouched = encryption == nil && !sizeWasSet
        if keepsOldContents, isUntouched {
            return try keepOldVersion()
        }
        if keepsOldContents, !sizeWasSet, try vault.oldSize(path, folder, storedName) ?? .max > written {
            throw .unsupported("only the start of the file was written over; send it as a whole")
        }
        do throws(OpenPGPError) {
            try startedEncryption().finish()
        } catch {
            throw FileSystemError(error)
        }
        encryption = nil
        try setDraftAttributes()
        try draft.publish(to: folder, storedName, replacing: try mayReplace())
        vault.published(self, try draft.status())
    }

    /// Opened and closed without a write, as `touch` does: the older version stays, with new attributes perhaps.
    private func keepOldVersion() throws(FileSystemError) {
        guard let status = try folder.status(storedName) else { throw .noSuchFile("the file is gone") }
        guard try mayReplace() else { throw .permissionDenied("somebody else's file has the name now") }
        try folder.set(attributesToSet, on: Found(folder: folder, name: storedName, status: status, path: path))
        if let changed = try folder.status(storedName) { vault.own.refresh(path, changed) }
    }

    private func startedEncryption() throws(OpenPGPError) -> Encryption {
        if let encryption { return encryption }
        let started = try vault.cryptor.encrypt(into: draft.descriptor)
        encryption = started
        return started
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
        if let owner = attributesToSet.owner { _ = fchown(draft.descriptor, owner.user, owner.group) }
        if let permissions = attributesToSet.permissions { draft.setPermissions(mode_t(permissions & 0o777)) }
        if let times = attributesToSet.times, futimens(draft.descriptor, times.timespecs) != 0 {
            throw FileSystemError(errno: errno)
        }
    }

    private func cancel() {
        encryption?.cancel()
        encryption = nil
    }

    private func end(_ error: FileSystemError?) {
        if vault.uploads[path] === self { vault.uploads[path] = nil }
        vault.closed(number, path, .upload, bytes: written, error)
    }

    /// Remembers the first failure: every later write and the CLOSE end with it.
    private func fail(_ error: FileSystemError) -> FileSystemError {
        if failure == nil { failure = error }
        return failure ?? error
    }
}

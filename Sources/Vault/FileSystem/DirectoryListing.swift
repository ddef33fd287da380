internal import Foundation
internal import SFTP

/// A directory being listed, name by name, however large it is.
///
/// Files that this session is writing are shown with their current size, in the place of an older version or at the
/// end.
final class DirectoryListing: OpenDirectory {
    private let vault: VaultFileSystem
    private let directory: Directory
    private let path: VirtualPath
    private let stream: DirectoryStream
    /// Uploads in this directory that have not been shown yet, by their names.
    private var uploads: [[UInt8]: Upload]
    /// What the client will get next, if that is known already.
    private var prepared: Result<[DirectoryEntry], FileSystemError>?
    private var dots: [[UInt8]] = [Array(".".utf8), Array("..".utf8)]

    init(_ directory: Directory, _ path: VirtualPath, in vault: VaultFileSystem) throws(FileSystemError) {
        stream = try DirectoryStream(directory)
        self.vault = vault
        self.directory = directory
        self.path = path
        uploads = [:]
        for (path, upload) in vault.uploads where path.parent == self.path {
            if let name = path.name { uploads[name] = upload }
        }
    }

    func next(_ limit: Int) throws(FileSystemError) -> [DirectoryEntry] {
        prepare(limit)
        defer { prepared = nil }
        return try prepared?.get() ?? []
    }

    func prepare(_ limit: Int) {
        guard prepared == nil else { return }
        do throws(FileSystemError) {
            prepared = .success(try read(limit))
        } catch {
            prepared = .failure(error)
        }
    }

    private func read(_ limit: Int) throws(FileSystemError) -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        while let name = dots.first {
            dots.removeFirst()
            entries.append(entry(name, try directory.status().attributes(size: 0)))
        }
        while entries.count < limit, let name = try stream.next() {
            if let entry = entry(stored: name) { entries.append(entry) }
        }
        while entries.count < limit, let (name, upload) = uploads.popFirst() {
            if let attributes = try? upload.attributes() { entries.append(entry(shown(name), attributes)) }
        }
        return entries
    }

    /// The entry for a name on the disk; nil for what is not to be seen.
    private func entry(stored name: [UInt8]) -> DirectoryEntry? {
        guard !StoredName.isReserved(name), let status = try? directory.status(name) else { return nil }
        if status.isDirectory {
            let virtual = StoredName.virtualOfDirectory(name)
            guard !StoredName.isReserved(virtual), isFirst(name, of: virtual, .directory) else { return nil }
            return entry(virtual, status.attributes(size: UInt64(clamping: status.st_size)))
        }
        guard status.isRegularFile, let virtual = StoredName.virtual(name) ?? partial(name) else { return nil }
        var found = ResolvedPath(directory: directory, name: name, status: status, path: path.appending(virtual))
        found.isStoredName = vault.view != .plaintext
        guard found.isStoredName || isFirst(name, of: virtual, found.isPartial ? .partial : .file) else { return nil }
        if case .ciphertext(listsAll: false) = vault.view, !vault.own.contains(found.path, status) { return nil }
        let shown = found.isStoredName ? name : virtual
        if let upload = uploads.removeValue(forKey: virtual), let attributes = try? upload.attributes() {
            return entry(shown, attributes)
        }
        // What cannot be told here, such as a size when there are no more descriptors, OPEN and STAT will tell.
        let size = (try? vault.size(of: found)) ?? UInt64(clamping: status.st_size)
        return entry(shown, status.attributes(size: size))
    }

    /// Whether this is what the virtual name leads to: in a copied directory it may be there in more than one form.
    private func isFirst(_ stored: [UInt8], of virtual: [UInt8], _ kind: StoredName.Kind) -> Bool {
        if stored == StoredName.stored(virtual, kind) { return true }
        return (try? vault.entry(virtual, kind, in: directory)).map { $0?.stored == stored } ?? true
    }

    /// The name an upload that was cut off is shown under: none to a write-only session, or when the whole file is
    /// there.
    private func partial(_ stored: [UInt8]) -> [UInt8]? {
        guard vault.view == .plaintext, let name = StoredName.virtualOfPartial(stored) else { return nil }
        let isWhole = (try? vault.entry(name, .file, in: directory) != nil) ?? true
        return isWhole ? nil : name
    }

    /// The name under which this view shows a file that is not stored yet.
    private func shown(_ name: [UInt8]) -> [UInt8] {
        vault.view == .plaintext ? name : (try? vault.storedName(name, .file, in: directory)) ?? name
    }

    private func entry(_ name: [UInt8], _ attributes: FileAttributes) -> DirectoryEntry {
        DirectoryEntry(
            name: name, longName: LongName.line(name, attributes, user: vault.userName), attributes: attributes)
    }

    func attributes() throws(FileSystemError) -> FileAttributes {
        let status = try directory.status()
        return status.attributes(size: UInt64(clamping: status.st_size))
    }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try directory.statistics() }
}

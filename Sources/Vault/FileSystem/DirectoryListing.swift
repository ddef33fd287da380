internal import Foundation
internal import SFTP

/// A directory that is listed for a client, name by name.
///
/// A file that this session is writing is listed with its current size: in the place of an older version, or at the
/// end.
final class DirectoryListing: OpenDirectory {
    private let directory: Directory
    private let path: VirtualPath
    private let userName: String
    private let home: HomeDirectory
    private let store: MessageStore
    private let stream: DirectoryStream
    /// Uploads in this directory that have not been listed yet, by their names.
    private var uploads: [[UInt8]: Upload]
    /// The answer to the next ``next(_:)``, if it has been read ahead.
    private var prefetched: Result<[DirectoryEntry], FileSystemError>?
    private var dots: [[UInt8]] = [Array(".".utf8), Array("..".utf8)]

    /// - Parameters:
    ///   - uploads: the open uploads of this directory, by their names.
    ///   - user: the name of the owner and group of all files.
    init(
        _ directory: Directory, _ path: VirtualPath, uploads: [[UInt8]: Upload], user: String, _ home: HomeDirectory,
        _ store: MessageStore
    ) throws(FileSystemError) {
        stream = try DirectoryStream(directory)
        self.directory = directory
        self.path = path
        self.uploads = uploads
        userName = user
        self.home = home
        self.store = store
    }

    func next(_ limit: Int) throws(FileSystemError) -> [DirectoryEntry] {
        prefetch(limit)
        defer { prefetched = nil }
        return try prefetched?.get() ?? []
    }

    func prefetch(_ limit: Int) {
        guard prefetched == nil else { return }
        do throws(FileSystemError) {
            prefetched = .success(try read(limit))
        } catch {
            prefetched = .failure(error)
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
            if let attributes = try? upload.attributes() { entries.append(entry(name, attributes)) }
        }
        return entries
    }

    /// The entry for a name on the disk; nil when the session is not to see it.
    private func entry(stored name: [UInt8]) -> DirectoryEntry? {
        guard !StoredName.isReserved(name), let status = try? directory.status(name) else { return nil }
        if status.isDirectory {
            let virtual = StoredName.virtualOfDirectory(name)
            guard !StoredName.isReserved(virtual), isFirst(name, of: virtual, .directory) else { return nil }
            return entry(virtual, status.attributes(size: UInt64(clamping: status.st_size)))
        }
        guard status.isRegularFile, let virtual = StoredName.virtual(name) ?? partial(name) else { return nil }
        let found = ResolvedPath(directory: directory, name: name, status: status, path: path.appending(virtual))
        guard isFirst(name, of: virtual, found.isPartial ? .partial : .file) else { return nil }
        if let upload = uploads.removeValue(forKey: virtual), let attributes = try? upload.attributes() {
            return entry(virtual, attributes)
        }
        // An error here, such as too many open files, must not hide the entry; OPEN and STAT report it.
        let size = (try? store.size(of: found, home.view)) ?? UInt64(clamping: status.st_size)
        return entry(virtual, status.attributes(size: size))
    }

    /// Whether the virtual name leads to this stored name: in a copied directory there may be several forms of it.
    private func isFirst(_ stored: [UInt8], of virtual: [UInt8], _ kind: StoredName.Kind) -> Bool {
        if stored == StoredName.stored(virtual, kind) { return true }
        return (try? home.entry(virtual, kind, in: directory)).map { $0?.stored == stored } ?? true
    }

    /// The name under which a partial is listed; nil in a write-only session, or when the complete file is there.
    private func partial(_ stored: [UInt8]) -> [UInt8]? {
        guard home.view == .plaintext, let name = StoredName.virtualOfPartial(stored) else { return nil }
        let isWhole = (try? home.entry(name, .file, in: directory) != nil) ?? true
        return isWhole ? nil : name
    }

    private func entry(_ name: [UInt8], _ attributes: FileAttributes) -> DirectoryEntry {
        DirectoryEntry(
            name: name, longName: LongName.line(name, attributes, user: userName), attributes: attributes)
    }

    func attributes() throws(FileSystemError) -> FileAttributes {
        let status = try directory.status()
        return status.attributes(size: UInt64(clamping: status.st_size))
    }

    func statistics() throws(FileSystemError) -> FileSystemStatistics { try directory.statistics() }
}

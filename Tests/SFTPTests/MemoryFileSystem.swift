import SFTP

/// The smallest file system a session can serve: files in memory, in one folder, every need recorded.
final class MemoryFileSystem: FileSystem {
    var files: [VirtualPath: [UInt8]] = [:]
    var needs: [Need] = []
    var refusal: FileSystemError?
    var abandoned = 0
    let userName = "alice"

    func permit(_ need: Need) throws(FileSystemError) {
        needs.append(need)
        if let refusal { throw refusal }
    }

    func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        if files[path] == nil {
            guard flags.contains(.create) else { throw .noSuchFile("no such file") }
            files[path] = []
        }
        return MemoryFile(path, in: self)
    }

    func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory { MemoryDirectory(self) }

    func attributes(of path: VirtualPath) throws(FileSystemError) -> FileAttributes {
        guard let bytes = files[path] else { throw .noSuchFile("no such file") }
        return FileAttributes(size: UInt64(bytes.count))
    }

    func setAttributes(_ attributes: FileAttributes, of path: VirtualPath) throws(FileSystemError) {}
    func remove(_ path: VirtualPath) throws(FileSystemError) { files[path] = nil }
    func makeDirectory(_ path: VirtualPath, _ attributes: FileAttributes) throws(FileSystemError) {}
    func removeDirectory(_ path: VirtualPath) throws(FileSystemError) {}

    func rename(_ old: VirtualPath, to new: VirtualPath, replacing: Bool) throws(FileSystemError) {
        guard replacing || files[new] == nil else { throw .failure("it exists already") }
        files[new] = files.removeValue(forKey: old)
    }

    func statistics(of path: VirtualPath) throws(FileSystemError) -> FileSystemStatistics { FileSystemStatistics() }
}

private final class MemoryFile: OpenFile {
    private let path: VirtualPath
    private let owner: MemoryFileSystem

    init(_ path: VirtualPath, in owner: MemoryFileSystem) {
        self.path = path
        self.owner = owner
    }

    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError) {
        let bytes = owner.files[path] ?? []
        guard offset < UInt64(bytes.count) else { throw .endOfFile }
        buffer += bytes.dropFirst(Int(offset)).prefix(count)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError) {
        owner.files[path, default: []] += bytes
    }

    func attributes() throws(FileSystemError) -> FileAttributes { try owner.attributes(of: path) }
    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {}
    func synchronize() throws(FileSystemError) {}
    func statistics() throws(FileSystemError) -> FileSystemStatistics { FileSystemStatistics() }
    func close() throws(FileSystemError) {}
    func abandon() { owner.abandoned += 1 }
}

private final class MemoryDirectory: OpenDirectory {
    private var names: [VirtualPath]

    init(_ owner: MemoryFileSystem) {
        names = Array(owner.files.keys)
    }

    func next(_ limit: Int) throws(FileSystemError) -> [DirectoryEntry] {
        defer { names.removeFirst(min(limit, names.count)) }
        return names.prefix(limit).map {
            DirectoryEntry(name: $0.name ?? [], longName: [], attributes: FileAttributes())
        }
    }

    func attributes() throws(FileSystemError) -> FileAttributes { FileAttributes() }
    func statistics() throws(FileSystemError) -> FileSystemStatistics { FileSystemStatistics() }
}

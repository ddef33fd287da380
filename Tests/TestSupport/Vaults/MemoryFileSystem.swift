package import SFTP

/// The smallest file system a session can serve: files in memory, in one directory, every need recorded.
package final class MemoryFileSystem: FileSystem {
    package var files: [VirtualPath: [UInt8]] = [:]
    package var needs: [Need] = []
    package var refusal: FileSystemError?
    package private(set) var opened = 0
    package fileprivate(set) var abandoned = 0
    package fileprivate(set) var closed = 0
    package let userName = "alice"
    package let owner = FileAttributes.Owner(user: 1000, group: 100)
    /// Bytes that a file may have at most.
    fileprivate let longest: Int

    package init(longest: Int = 1 << 30) {
        self.longest = longest
    }

    package func permit(_ need: Need) throws(FileSystemError) {
        needs.append(need)
        if let refusal { throw refusal }
    }

    package func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile {
        if files[path] == nil {
            guard flags.contains(.create) else { throw .noSuchFile("no such file") }
            files[path] = []
        }
        opened += 1
        return MemoryFile(path, in: self)
    }

    package func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory {
        MemoryDirectory(self)
    }

    package func attributes(of path: VirtualPath) throws(FileSystemError) -> FileAttributes {
        guard let bytes = files[path] else { throw .noSuchFile("no such file") }
        return FileAttributes(size: UInt64(bytes.count))
    }

    package func setAttributes(_ attributes: FileAttributes, of path: VirtualPath) throws(FileSystemError) {}
    package func remove(_ path: VirtualPath) throws(FileSystemError) { files[path] = nil }
    package func makeDirectory(_ path: VirtualPath, _ attributes: FileAttributes) throws(FileSystemError) {}
    package func removeDirectory(_ path: VirtualPath) throws(FileSystemError) {}

    package func rename(_ old: VirtualPath, to new: VirtualPath, existing: ExistingFile) throws(FileSystemError) {
        guard existing == .replace || files[new] == nil else { throw .failure("it exists already") }
        files[new] = files.removeValue(forKey: old)
    }

    package func digest(named name: String) -> (any Digest)? {
        ["short", "long"].contains(name) ? MemoryDigest(name) : nil
    }

    package func statistics(of path: VirtualPath) throws(FileSystemError) -> FileSystemStatistics {
        FileSystemStatistics()
    }
}

/// FNV-1a: as short as hashes can be, and different for bytes left out, doubled or exchanged; "long" repeats it.
package final class MemoryDigest: Digest {
    private var value: UInt32 = 0x811c_9dc5
    private let repetitions: Int

    package init(_ name: String) {
        repetitions = name == "long" ? 16 : 1
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { value = (value ^ UInt32(byte)) &* 0x0100_0193 }
    }

    package func finish() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<repetitions { bytes.append(uint32: value) }
        return bytes
    }

    /// The hash of all of `bytes`.
    package static func hash(_ bytes: some Sequence<UInt8>, _ name: String = "short") -> [UInt8] {
        let digest = MemoryDigest(name)
        Array(bytes).withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
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
        guard let start = Int(exactly: offset), start < owner.longest - bytes.count else {
            throw .failure("too far out")
        }
        var contents = owner.files[path] ?? []
        contents += [UInt8](repeating: 0, count: max(0, start + bytes.count - contents.count))
        contents.replaceSubrange(start..<start + bytes.count, with: bytes)
        owner.files[path] = contents
    }

    func attributes() throws(FileSystemError) -> FileAttributes { try owner.attributes(of: path) }
    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError) {}
    func synchronize() throws(FileSystemError) {}
    func statistics() throws(FileSystemError) -> FileSystemStatistics { FileSystemStatistics() }
    func close() throws(FileSystemError) { owner.closed += 1 }
    func abandon() { owner.abandoned += 1 }
}

private final class MemoryDirectory: OpenDirectory {
    func prefetch(_ limit: Int) {}

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

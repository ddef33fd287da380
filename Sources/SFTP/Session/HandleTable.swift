/// The open files and directories of a session, by handle.
struct HandleTable {
    enum Entry {
        case file(any OpenFile, OpenFlags)
        case directory(any OpenDirectory)
    }

    private var entries: [Handle: Entry] = [:]
    private var random = SystemRandomNumberGenerator()

    /// All open files.
    var files: [any OpenFile] {
        entries.values.compactMap { if case .file(let file, _) = $0 { file } else { nil } }
    }

    /// Checks that one more may be opened.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` at ``Limits/handles``.
    func admit() throws(FileSystemError) {
        guard entries.count < Limits.handles else {
            throw .failure("\(Limits.handles) files and directories are open: close some first")
        }
    }

    mutating func insert(_ entry: Entry) -> Handle {
        var handle: Handle
        repeat { handle = Handle(random.next()) } while entries[handle] != nil
        entries[handle] = entry
        return handle
    }

    mutating func remove(_ handle: Handle) throws(FileSystemError) -> Entry {
        guard let entry = entries.removeValue(forKey: handle) else { throw Handle.unknown }
        return entry
    }

    mutating func removeAll() { entries = [:] }

    func entry(_ handle: Handle) throws(FileSystemError) -> Entry {
        guard let entry = entries[handle] else { throw Handle.unknown }
        return entry
    }

    func file(_ handle: Handle) throws(FileSystemError) -> any OpenFile {
        guard case .file(let file, _) = try entry(handle) else { throw .failure("the handle is of a directory") }
        return file
    }

    func directory(_ handle: Handle) throws(FileSystemError) -> any OpenDirectory {
        guard case .directory(let directory) = try entry(handle) else { throw .failure("the handle is of a file") }
        return directory
    }

    /// Checks that a handle was opened for reading or writing.
    func permit(_ flag: OpenFlags, on handle: Handle) throws(FileSystemError) {
        guard case .file(_, let flags) = try entry(handle) else { return }
        guard flags.contains(flag) else {
            throw .permissionDenied("the file was not opened for \(flag == .read ? "reading" : "writing")")
        }
    }
}

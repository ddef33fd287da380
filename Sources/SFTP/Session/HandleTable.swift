/// What a session has open, by handle.
struct HandleTable {
    enum Entry {
        case file(any OpenFile, OpenFlags)
        case directory(any OpenDirectory)
    }

    private var entries: [Handle: Entry] = [:]
    private var random = SystemRandomNumberGenerator()

    /// Open files, for whoever ends the session.
    var files: [any OpenFile] {
        entries.values.compactMap { if case .file(let file, _) = $0 { file } else { nil } }
    }

    /// Whether one more may be opened.
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

    /// The part of the gate that handles decide: a handle serves only what it was opened for.
    func permit(_ flag: OpenFlags, on handle: Handle) throws(FileSystemError) {
        guard case .file(_, let flags) = try entry(handle) else { return }
        guard flags.contains(flag) else {
            throw .permissionDenied("the file was not opened for \(flag == .read ? "reading" : "writing")")
        }
    }
}

internal import SFTP

extension TreeEntry {
    /// Visits this entry and all below it, in the order of their names.
    ///
    /// The names of each directory on the way are in memory.
    package func walk(_ visitor: some TreeVisitor) throws {
        guard try visitor.enter(self), kind == .directory else { return }
        let directory: Directory
        var names: [[UInt8]] = []
        do throws(FileSystemError) {
            directory = try self.directory()
            let stream = try DirectoryStream(directory)
            while let name = try stream.next() { names.append(name) }
        } catch {
            return try visitor.failed(path, error)
        }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !StoredName.isReserved(name) {
            let entry: TreeEntry?
            do throws(FileSystemError) {
                entry = try directory.status(name).map { self.entry(name, $0, in: directory) }
            } catch {
                try visitor.failed(path.appending(name), error)
                continue
            }
            try entry?.walk(visitor)
        }
        try visitor.leave(self)
    }
}

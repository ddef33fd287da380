/// An open directory.
package protocol OpenDirectory: AnyObject {
    /// The next names, at most `limit`; an empty array at the end, however often it is asked.
    func next(_ limit: Int) throws(FileSystemError) -> [DirectoryEntry]

    /// Reads the next names, at most `limit`, ahead of the call of ``next(_:)`` that returns them.
    func prefetch(_ limit: Int)

    func attributes() throws(FileSystemError) -> FileAttributes

    func statistics() throws(FileSystemError) -> FileSystemStatistics
}

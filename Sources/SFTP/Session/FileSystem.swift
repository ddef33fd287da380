/// What a session serves: files and directories behind virtual paths.
///
/// Every call comes from the session's one thread, in request order, after ``permit(_:)`` was asked; it may block, and
/// what it answers is final.
package protocol FileSystem: AnyObject {
    /// The gate: returns if this session may, for a need on a path.
    ///
    /// - Throws: ``FileSystemError/permissionDenied(_:)`` with the reason, or what kept it from deciding.
    func permit(_ need: Need) throws(FileSystemError)

    /// Opens a file; what cannot be served as `flags` ask is refused here, not at the first READ or WRITE.
    func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile

    func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory

    /// STAT and LSTAT: there are no links, so both are one.
    func attributes(of path: VirtualPath) throws(FileSystemError) -> FileAttributes

    func setAttributes(_ attributes: FileAttributes, of path: VirtualPath) throws(FileSystemError)

    /// Removes a file; a directory is refused.
    func remove(_ path: VirtualPath) throws(FileSystemError)

    func makeDirectory(_ path: VirtualPath, _ attributes: FileAttributes) throws(FileSystemError)

    /// Removes an empty directory; a file is refused.
    func removeDirectory(_ path: VirtualPath) throws(FileSystemError)

    /// Renames a file or a directory.
    ///
    /// - Parameter replacing: whether an existing file of the new name gives way (`posix-rename@`) or is an error
    ///   (RENAME).
    func rename(_ old: VirtualPath, to new: VirtualPath, replacing: Bool) throws(FileSystemError)

    /// The figures of `statvfs@` for the file system that holds `path`.
    func statistics(of path: VirtualPath) throws(FileSystemError) -> FileSystemStatistics

    /// The user this session was opened for: `~user` means the root for that name and nothing for others.
    var userName: String { get }

    /// The user and group whose name is ``userName``: those of the files this session makes.
    var owner: FileAttributes.Owner { get }

    /// Starts a hash.
    ///
    /// - Parameter name: an algorithm as draft-ietf-secsh-filexfer-extensions-00 calls it: `sha256`, `md5` and so on.
    /// - Returns: nil for an algorithm that is not to be had.
    func digest(named name: String) -> (any Digest)?
}

/// A file that is open.
///
/// Exactly one of ``close()`` and ``abandon()`` ends it.
package protocol OpenFile: AnyObject {
    /// Appends bytes from `offset` on to `buffer`: `count` of them, fewer only at the end of the file.
    ///
    /// - Throws: ``FileSystemError/endOfFile`` when there are none.
    func read(at offset: UInt64, count: Int, into buffer: inout [UInt8]) throws(FileSystemError)

    /// Takes bytes for `offset`; that it returned does not mean they are kept: ``close()`` does.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileSystemError)

    func attributes() throws(FileSystemError) -> FileAttributes

    func setAttributes(_ attributes: FileAttributes) throws(FileSystemError)

    /// `fsync@`: an error that has come up until now is told here.
    func synchronize() throws(FileSystemError)

    func statistics() throws(FileSystemError) -> FileSystemStatistics

    /// Ends it. When this returns for a file that was written, the file is on the disk under its name.
    func close() throws(FileSystemError)

    /// Ends it without a CLOSE: the connection is gone.
    func abandon()
}

/// A directory that is open.
package protocol OpenDirectory: AnyObject {
    /// The next names, at most `limit`; none when there are no more, however often asked.
    func next(_ limit: Int) throws(FileSystemError) -> [DirectoryEntry]

    /// Gets the next names ready while the client is busy with the last ones.
    func prepare(_ limit: Int)

    func attributes() throws(FileSystemError) -> FileAttributes

    func statistics() throws(FileSystemError) -> FileSystemStatistics
}

/// One name of a NAME reply.
package struct DirectoryEntry: Equatable, Sendable {
    package var name: [UInt8]
    /// The line `ls -l` would show: psftp and FileZilla read owner, size and date from it.
    package var longName: [UInt8]
    package var attributes: FileAttributes

    package init(name: [UInt8], longName: [UInt8], attributes: FileAttributes) {
        self.name = name
        self.longName = longName
        self.attributes = attributes
    }
}

/// The fields of a `statvfs@openssh.com` reply, in their order.
///
/// Source: OpenSSH's `PROTOCOL`, section 4.4.
package struct FileSystemStatistics: Equatable, Sendable {
    package var blockSize: UInt64 = 0
    package var fragmentSize: UInt64 = 0
    package var blocks: UInt64 = 0
    package var freeBlocks: UInt64 = 0
    package var availableBlocks: UInt64 = 0
    package var files: UInt64 = 0
    package var freeFiles: UInt64 = 0
    package var availableFiles: UInt64 = 0
    package var identifier: UInt64 = 0
    /// 1 is read-only, 2 no set-user-id bits.
    package var flags: UInt64 = 0
    package var longestName: UInt64 = 0

    package init() {}

    func append(to packet: inout [UInt8]) {
        for field in [
            blockSize, fragmentSize, blocks, freeBlocks, availableBlocks, files, freeFiles, availableFiles, identifier,
            flags, longestName,
        ] {
            packet.append(uint64: field)
        }
    }
}

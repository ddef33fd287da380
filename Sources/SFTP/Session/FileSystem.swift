/// What a session serves: files and directories behind virtual paths.
///
/// All calls come from the session's one thread, in the order of the requests, after ``permit(_:)`` has been asked.
/// A call may block, and its result is final.
package protocol FileSystem: AnyObject {
    /// The access check: returns if this session may do what `need` says.
    ///
    /// - Throws: ``FileSystemError/permissionDenied(_:)`` with the reason, or the error that prevented the decision.
    func permit(_ need: Need) throws(FileSystemError)

    /// Opens a file.
    ///
    /// - Throws: an error when the file cannot be used as `flags` ask: that is known here, not at the first READ or
    ///   WRITE.
    func open(
        _ path: VirtualPath, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(FileSystemError) -> any OpenFile

    func openDirectory(_ path: VirtualPath) throws(FileSystemError) -> any OpenDirectory

    /// Answers STAT and LSTAT, which are the same because there are no symbolic links.
    func attributes(of path: VirtualPath) throws(FileSystemError) -> FileAttributes

    func setAttributes(_ attributes: FileAttributes, of path: VirtualPath) throws(FileSystemError)

    /// Removes a file; a directory is refused.
    func remove(_ path: VirtualPath) throws(FileSystemError)

    func makeDirectory(_ path: VirtualPath, _ attributes: FileAttributes) throws(FileSystemError)

    /// Removes an empty directory; a file is refused.
    func removeDirectory(_ path: VirtualPath) throws(FileSystemError)

    /// Renames a file or a directory.
    ///
    /// - Parameter existing: ``ExistingFile/replace`` for `posix-rename@openssh.com`, ``ExistingFile/keep`` for RENAME.
    func rename(_ old: VirtualPath, to new: VirtualPath, existing: ExistingFile) throws(FileSystemError)

    /// The figures of `statvfs@openssh.com` for the file system that holds `path`.
    func statistics(of path: VirtualPath) throws(FileSystemError) -> FileSystemStatistics

    /// The user this session was opened for: `~user` means the root for that name and nothing for others.
    var userName: String { get }

    /// The user and group whose name is ``userName``: the owner of the files that this session makes.
    var owner: FileAttributes.Owner { get }

    /// Called before each piece of a request that reads much and answers little.
    ///
    /// - Throws: ``FileSystemError/failure(_:)`` when nobody waits for the answer any more.
    func continueRequest() throws(FileSystemError)

    /// Starts a hash.
    ///
    /// - Parameter name: an algorithm as draft-ietf-secsh-filexfer-extensions-00 calls it: `sha256`, `md5` and so on.
    /// - Returns: nil for an algorithm that is not available.
    func digest(named name: String) -> (any Digest)?
}

extension FileSystem {
    package func continueRequest() throws(FileSystemError) {}
}

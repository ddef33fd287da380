package import SFTP

/// Receives the entries of a tree, in a walk by ``TreeEntry/walk(_:)``.
package protocol TreeVisitor: AnyObject {
    /// Called for each entry; for a directory, before the entries in it.
    ///
    /// - Returns: for a directory, whether to walk through it.
    func enter(_ entry: TreeEntry) throws -> Bool
    /// Called after all entries in a directory.
    func leave(_ directory: TreeEntry) throws
    /// Called for an entry that could not be looked up, or a directory that could not be read.
    func failed(_ path: VirtualPath, _ error: FileSystemError) throws
}

extension TreeVisitor {
    package func leave(_ directory: TreeEntry) throws {}
}

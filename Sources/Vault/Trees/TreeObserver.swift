package import SFTP

/// Receives the progress of an operation on a tree.
package protocol TreeObserver: AnyObject {
    /// Called once for each file, and for a directory that was skipped or has failed.
    func report(_ path: VirtualPath, _ outcome: TreeOutcome) throws

    /// Called after each piece of work.
    ///
    /// - Parameter bytes: the bytes that were processed since the last call.
    /// - Throws: ``Interrupted`` to stop the operation, which then leaves no half written file.
    func advance(_ bytes: Int) throws
}

package import SFTP

/// What became of one file or directory that an owner's tool has worked on.
package enum TreeOutcome: Equatable, Sendable {
    /// It is as it should be; so many bytes were done.
    case done(UInt64)
    /// It was so already: nothing had to be done.
    case unchanged
    /// What has arrived of an upload that was cut off: no whole file.
    case incomplete
    /// It was left as it is, and why.
    case leftAlone(String)
    /// What is stored is not intact, or not this user's, and why.
    case damaged(String)
    /// It could not be done, and why: that is not the stored file's fault.
    case failed(String)
}

/// Who wants to know how work on a tree goes on.
package protocol TreeObserver: AnyObject {
    func report(_ path: VirtualPath, _ outcome: TreeOutcome) throws
    /// So many bytes more have been done.
    ///
    /// - Throws: ``Interrupted`` when it is time to stop: what is being done then leaves nothing behind.
    func advance(_ bytes: Int) throws
}

/// The user has had enough.
package struct Interrupted: Error {
    package init() {}
}

/// A failure on the other side than the stored file's.
struct TargetFailure: Error {
    let reason: FileSystemError

    init(_ reason: FileSystemError) { self.reason = reason }

    /// Runs `body`, whose errors are none of the stored file's.
    static func marking<Result>(_ body: () throws(FileSystemError) -> Result) throws(TargetFailure) -> Result {
        do throws(FileSystemError) { return try body() } catch { throw TargetFailure(error) }
    }
}

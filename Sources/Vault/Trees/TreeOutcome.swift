/// The result of an operation on one file or directory of a tree.
package enum TreeOutcome: Equatable, Sendable {
    /// The operation has succeeded, with so many bytes.
    case done(UInt64)
    /// The file was as the operation would have made it.
    case unchanged
    /// The file is the partial of an interrupted upload.
    case incomplete
    /// The file was skipped, for the given reason.
    case leftAlone(String)
    /// The stored file is damaged, or not encrypted to this user, for the given reason.
    case damaged(String)
    /// The operation has failed for a reason that is not the stored file.
    case failed(String)
}

internal import SFTP

/// An error of the directory that files are restored to, as opposed to one of the stored file.
struct TargetFailure: Error {
    let reason: FileSystemError

    init(_ reason: FileSystemError) { self.reason = reason }

    /// Runs `body`, whose errors are those of the target.
    static func marking<Result>(_ body: () throws(FileSystemError) -> Result) throws(TargetFailure) -> Result {
        do throws(FileSystemError) { return try body() } catch { throw TargetFailure(error) }
    }
}

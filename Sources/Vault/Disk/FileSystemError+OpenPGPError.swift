internal import OpenPGP
internal import SFTP

extension FileSystemError {
    /// Translates a failed OpenPGP operation into the error that the client gets.
    init(_ error: OpenPGPError) {
        switch error.code {
        case .inputOutput where error.errno != 0: self = FileSystemError(errno: error.errno)
        case .key: self = .permissionDenied(error.description)
        default: self = .failure(error.description)
        }
    }

    /// Evaluates `operation`, whose error is thrown as the one that the client gets.
    static func translating<Result>(
        openPGP operation: @autoclosure () throws(OpenPGPError) -> Result
    ) throws(FileSystemError) -> Result {
        do throws(OpenPGPError) { return try operation() } catch { throw FileSystemError(error) }
    }
}

internal import SFTP
internal import Secrets

extension FileSystemError {
    /// Evaluates `operation` on scratch space, whose error is thrown as the one that the client gets.
    static func translating<Result>(
        sealed operation: @autoclosure () throws(SealedFile.Failure) -> Result
    ) throws(FileSystemError) -> Result {
        do throws(SealedFile.Failure) {
            return try operation()
        } catch {
            switch error {
            case .system(let number): throw FileSystemError(errno: number)
            case .damaged: throw .failure("the server's scratch space was changed by another program")
            }
        }
    }
}

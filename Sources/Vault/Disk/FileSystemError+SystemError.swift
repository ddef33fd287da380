internal import Foundation
internal import Platform
package import SFTP

extension FileSystemError {
    /// Translates an error number of a system call into a status code and a sentence.
    ///
    /// Source: the codes are those of OpenSSH's `errno_to_portable`.
    package init(errno number: Int32) {
        switch number {
        case ENOENT, ENOTDIR, ELOOP: self = .noSuchFile("no such file or directory")
        case EACCES, EPERM: self = .permissionDenied("the file system does not permit it")
        case EROFS: self = .permissionDenied("the data directory is on a read-only medium")
        case EEXIST: self = .failure("it exists already")
        case ENOTEMPTY: self = .failure("the directory is not empty")
        case EISDIR: self = .failure("it is a directory")
        case ENAMETOOLONG: self = .failure("the name is too long for the file system")
        case ENOSPC, EDQUOT: self = .failure("the disk is full")
        case EFBIG: self = .failure("the file is too large for the file system")
        case EXDEV: self = .failure("it is on another file system")
        case EMFILE, ENFILE: self = .failure("too many open files")
        default: self = .failure("the file system says: \(SystemError(number))")
        }
    }

    /// Evaluates `call`, whose error is thrown as the one that the client gets.
    static func translating<Result>(
        system call: @autoclosure () throws(SystemError) -> Result
    ) throws(FileSystemError) -> Result {
        do throws(SystemError) { return try call() } catch { throw FileSystemError(errno: error.number) }
    }
}

internal import Foundation
internal import SFTP

/// The names of older files that stay beside the ones that take their names.
extension HomeDirectory {
    /// A free stored name for an older file: the virtual name with the file's own time, and a number if that is taken.
    ///
    /// It is called under the lock of the directory.
    ///
    /// - Parameters:
    ///   - name: the virtual name that the file has now.
    ///   - status: the file's.
    func asideName(of name: [UInt8], _ status: stat, in directory: Directory) throws(FileSystemError) -> [UInt8] {
        // A name that is too long with its escapes, or taken in another case, may do when it is shorter.
        for limit in [Limits.nameLength, Limits.nameLength / 3] {
            for number in 1...9999 {
                let candidate = DatedName.marked(name, status.st_mtim.tv_sec, number: number, limit: limit)
                guard try entry(candidate, .directory, in: directory) == nil,
                    try entry(candidate, .partial, in: directory) == nil
                else { continue }
                guard let stored = try? storedName(candidate, .file, in: directory) else { break }
                if try directory.status(stored) == nil { return stored }
            }
        }
        throw .failure("no name is left for the older file: move some of its older versions away")
    }
}

internal import Foundation
internal import SFTP

/// Decisions about files that have a name already.
extension HomeDirectory {
    /// Decides what happens to a file whose name another one is to get.
    ///
    /// It is called under the lock of the directory.
    ///
    /// - Parameters:
    ///   - name: the virtual name.
    ///   - there: what has the name now; nil when nothing has.
    ///   - existing: what the client asks for.
    func placement(
        of name: [UInt8], over there: stat?, _ existing: ExistingFile, in directory: Directory
    ) throws(FileSystemError) -> Placement {
        guard let there, existing == .replace else { return .keep }
        if isOwn(there) { return .replace }
        guard view == .addOnly(.keep), there.isRegularFile else { return .keep }
        return .setAside(try asideName(of: name, there, in: directory))
    }
}

extension Directory {
    /// Renames `name` in this directory to `newName` in `target`.
    ///
    /// With ``Placement/setAside(_:)`` the older file has both names before the new one takes the first, where the file
    /// system has hard links. Elsewhere, as on FAT, the older file is renamed first; if the program or the machine ends
    /// right then, the older file is complete under its new name, and the new one was not acknowledged.
    func move(
        _ name: [UInt8], to target: Directory, _ newName: [UInt8], _ placement: Placement
    ) throws(FileSystemError) {
        switch placement {
        case .keep: try rename(name, to: target, newName, existing: .keep)
        case .replace: try rename(name, to: target, newName, existing: .replace)
        case .setAside(let aside):
            let isLinked = target.link(newName, to: target, aside)
            if !isLinked { try target.rename(newName, to: target, aside, existing: .keep) }
            do throws(FileSystemError) {
                try rename(name, to: target, newName, existing: isLinked ? .replace : .keep)
            } catch {
                if isLinked {
                    try? target.removeFile(aside)
                } else {
                    try? target.rename(aside, to: target, newName, existing: .keep)
                }
                throw error
            }
        }
    }

    /// The levels of directories in this one, 0 for one without any; more than 64 count as 64.
    func levels(_ deepest: Int = 64) throws(FileSystemError) -> Int {
        guard deepest > 0 else { return 0 }
        var most = 0
        let names = try DirectoryStream(self)
        while let name = try names.next() {
            guard let status = try status(name), most < deepest else { continue }
            most = max(most, status.isDirectory ? 1 + (try directory(named: name).levels(deepest - 1)) : 1)
        }
        return most
    }
}

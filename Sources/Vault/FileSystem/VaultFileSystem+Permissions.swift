internal import Foundation
package import SFTP

/// The access check.
extension VaultFileSystem {
    package func permit(_ need: Need) throws(FileSystemError) {
        switch need {
        case .readHandle, .writeHandle: return
        case .see(let path), .read(let path), .create(let path), .write(let path), .change(let path):
            if path.components.contains(where: StoredName.isReserved) {
                throw .permissionDenied("this name is the server's own")
            }
        }
        guard view != .plaintext else { return }
        switch need {
        case .write(let path):
            guard let name = path.name, let found = try home.entry(name, .file, in: home.directory(path.parent)) else {
                return
            }
            try permitChange(of: path, found.status)
        case .change(let path):
            guard let found = try resolveAnyForm(path) else { return }
            try permitChange(of: found.path, found.status)
            if found.isDirectory, try !isOwn(found.directory.directory(named: found.name), found.path) {
                throw .permissionDenied("other people's files are in the directory")
            }
        case .see, .read, .create, .readHandle, .writeHandle: return
        }
    }

    /// Whether this session has made everything that is in a directory.
    private func isOwn(_ directory: Directory, _ path: VirtualPath) throws(FileSystemError) -> Bool {
        let names = try DirectoryStream(directory)
        while let name = try names.next() {
            guard let status = try directory.status(name) else { continue }
            let inside = path.appending(
                status.isDirectory ? StoredName.virtualOfDirectory(name) : StoredName.virtual(name) ?? name)
            guard own.contains(inside, status) else { return false }
            if status.isDirectory, try !isOwn(directory.directory(named: name), inside) { return false }
        }
        return true
    }

    /// Checks that this session has made the object at `path`.
    func permitChange(of path: VirtualPath, _ status: stat) throws(FileSystemError) {
        guard own.contains(path, status) else {
            throw .permissionDenied("a write-only account can change only what it has uploaded in this session")
        }
    }
}

internal import Foundation
package import SFTP

/// The access check of requests.
extension VaultFileSystem {
    /// Refuses what no session, or none of this view, may do.
    ///
    /// Whether an object is this session's to change is decided when it is changed, under the lock of its directory; see
    /// ``HomeDirectory/withOwn(_:and:_:)``.
    package func permit(_ need: Need) throws(FileSystemError) {
        switch need {
        case .readHandle, .writeHandle: return
        case .see(let path), .read(let path), .create(let path), .write(let path), .change(let path):
            if path.components.contains(where: StoredName.isReserved) {
                throw .permissionDenied("this name is the server's own")
            }
        }
        switch need {
        case .create(let path), .write(let path): try home.refuseTooDeep(path)
        case .see, .read, .change, .readHandle, .writeHandle: return
        }
    }
}

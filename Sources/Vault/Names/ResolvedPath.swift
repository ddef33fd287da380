internal import Foundation
internal import SFTP

/// The file or directory on the disk that a virtual path leads to.
struct ResolvedPath {
    /// The directory it is in; for the root, the root itself.
    let directory: Directory
    /// Its name on the disk; empty for the root.
    let name: [UInt8]
    let status: stat
    /// The path by which its owner calls it: without `.gpg`.
    let path: VirtualPath
    /// Whether the client named the stored file itself, with its `.gpg`, which only the ciphertext view allows.
    var isStoredName = false

    /// Whether this is the partial of an interrupted upload.
    var isPartial: Bool { StoredName.isPartial(name) && !isDirectory }
    var isDirectory: Bool { status.isDirectory }
}

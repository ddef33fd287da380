internal import Foundation
internal import SFTP

/// What a session sees and may do.
package enum View: Sendable, Equatable {
    /// The owner's: plaintext, and everything may be changed.
    case plaintext
    /// A write-only account's: files can be put, what is read is cipher text, and only what this same session uploaded can
    /// be changed again.
    ///
    /// - Parameter listsAll: whether other people's files are seen at all.
    case ciphertext(listsAll: Bool)
}

/// What this session has put into the home: the only things a write-only session may change.
struct OwnObjects {
    /// A file or folder by what the file system calls it; a name alone may have been taken over by somebody else's.
    struct Identity: Hashable {
        private let device: UInt64
        private let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    fileprivate struct Object {
        let identity: Identity
        /// Plaintext octets sent; nil for a folder.
        let size: UInt64?
    }

    private var objects: [VirtualPath: Object] = [:]

    mutating func add(_ path: VirtualPath, _ status: stat, size: UInt64?) {
        objects[path] = Object(identity: Identity(status), size: size)
    }

    mutating func remove(_ path: VirtualPath) {
        objects[path] = nil
    }

    mutating func rename(_ old: VirtualPath, to new: VirtualPath) {
        objects[new] = objects.removeValue(forKey: old)
    }

    /// Whether what is at `path` now is what this session put there.
    func contains(_ path: VirtualPath, _ status: stat) -> Bool {
        objects[path]?.identity == Identity(status)
    }

    /// The plaintext size that was sent for what is at `path`.
    func size(_ path: VirtualPath, _ status: stat) -> UInt64? {
        contains(path, status) ? objects[path]?.size : nil
    }
}

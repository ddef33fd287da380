internal import Foundation
internal import SFTP

/// What a session sees and may do.
package enum View: Sendable, Equatable {
    /// The owner's: plaintext, and everything may be changed.
    case plaintext
    /// A write-only account's: files can be put, what is read is cipher text, and only what this same session uploaded
    /// can be changed again.
    ///
    /// - Parameter listsAll: whether other people's files are seen at all.
    case ciphertext(listsAll: Bool)
}

/// What this session has put into the home: the only things a write-only session may change.
struct OwnObjects {
    /// A version of a file or directory, by what the file system calls it.
    ///
    /// A name may have been taken over by somebody else's file, and so may an inode number; the change time tells them
    /// apart. It also changes with this session's own renames and settings: ``add(_:_:size:)`` has to follow those.
    struct Identity: Hashable {
        private let device: UInt64
        private let inode: UInt64
        private let seconds: Int
        private let nanoseconds: Int

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            // A directory's changes with every file put into it, and only an empty directory can be taken away.
            seconds = status.isDirectory ? 0 : status.st_ctim.tv_sec
            nanoseconds = status.isDirectory ? 0 : status.st_ctim.tv_nsec
        }
    }

    fileprivate struct Object {
        let identity: Identity
        /// Plaintext bytes sent; nil for a directory.
        let size: UInt64?
    }

    private var objects: [VirtualPath: Object] = [:]

    mutating func add(_ path: VirtualPath, _ status: stat, size: UInt64?) {
        objects[path] = Object(identity: Identity(status), size: size)
    }

    mutating func remove(_ path: VirtualPath) {
        objects[path] = nil
    }

    /// Follows a rename of what is at `old`, and of all below it.
    ///
    /// - Parameter status: what is at `new` now.
    mutating func rename(_ old: VirtualPath, to new: VirtualPath, _ status: stat) {
        for (path, object) in objects where path == old || path.isBelow(old) {
            objects[path] = nil
            objects[path.moved(from: old, to: new)] =
                path == old ? Object(identity: Identity(status), size: object.size) : object
        }
    }

    /// Follows this session's own change of what is at `path`, if that is its own.
    mutating func refresh(_ path: VirtualPath, _ status: stat) {
        if let object = objects[path] { objects[path] = Object(identity: Identity(status), size: object.size) }
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

internal import Foundation
internal import SFTP

/// The files and directories that a write-only session has made: it may change no others.
///
/// Only ``VaultFileSystem`` changes it. The ``FileIdentity`` of each object has to follow this session's own renames
/// and changes of attributes.
final class OwnObjects {
    private struct Object {
        let identity: FileIdentity
        /// The plaintext bytes that were sent; nil for a directory.
        let size: UInt64?
    }

    private var objects: [VirtualPath: Object] = [:]

    func add(_ path: VirtualPath, _ status: stat, size: UInt64?) {
        objects[path] = Object(identity: FileIdentity(status), size: size)
    }

    func remove(_ path: VirtualPath) {
        objects[path] = nil
    }

    /// Follows a rename of the object at `old`, and of all below it.
    ///
    /// - Parameter status: the status of the object at `new`.
    func rename(_ old: VirtualPath, to new: VirtualPath, _ status: stat) {
        for (path, object) in objects where path == old || path.isBelow(old) {
            objects[path] = nil
            objects[path.moved(from: old, to: new)] =
                path == old ? Object(identity: FileIdentity(status), size: object.size) : object
        }
    }

    /// Follows a change that this session has made to the object at `path`.
    func refresh(_ path: VirtualPath, _ status: stat) {
        if let object = objects[path] { objects[path] = Object(identity: FileIdentity(status), size: object.size) }
    }

    /// Whether this session has made the object that is at `path`.
    func contains(_ path: VirtualPath, _ status: stat) -> Bool {
        objects[path]?.identity == FileIdentity(status)
    }

    /// The plaintext size that this session has sent for the file at `path`.
    func size(_ path: VirtualPath, _ status: stat) -> UInt64? {
        contains(path, status) ? objects[path]?.size : nil
    }
}

internal import Foundation
internal import OpenPGP
internal import SFTP

/// One version of a stored file: as long as this stays the same, so do its bytes.
struct FileVersion: Hashable {
    let identity: OwnObjects.Identity
    let size: off_t

    init(_ status: stat) {
        identity = OwnObjects.Identity(status)
        size = status.st_size
    }
}

/// What has been worked out about versions of stored files, for as long as they are the same.
///
/// A full cache starts anew: that bounds the memory, and costs no bookkeeping.
struct VersionCache<Value> {
    private let capacity: Int
    private var values: [FileVersion: Value] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    subscript(version: FileVersion) -> Value? {
        get { values[version] }
        set {
            if values.count >= capacity, values[version] == nil { values = [:] }
            values[version] = newValue
        }
    }
}

/// An open file, closed with this object.
final class OwnedDescriptor {
    let raw: Int32

    init(_ raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// What the file is now.
    func status() throws(FileSystemError) -> stat {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw FileSystemError(errno: errno) }
        return status
    }
}

internal import Foundation

/// One version of a stored file: while this stays the same, the file's bytes stay the same.
struct FileVersion: Hashable {
    let identity: FileIdentity
    let size: off_t

    init(_ status: stat) {
        identity = FileIdentity(status)
        size = status.st_size
    }
}

internal import SFTP

/// The contents of a stored file that this session cannot read: the file can be replaced, and not changed in place.
final class UnreadableContents: Contents {
    let count: UInt64
    private let reason: FileSystemError

    init(count: UInt64, _ reason: FileSystemError) {
        self.count = count
        self.reason = reason
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) { throw reason }
}

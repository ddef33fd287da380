internal import SFTP

/// Plaintext that can be read at any offset.
protocol Contents: AnyObject {
    /// The size in bytes.
    var count: UInt64 { get }

    /// Fills all of `buffer` from `offset` on; the caller stays within ``count``.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError)
}

extension Contents {
    /// Has the contents verified without reading any of them.
    func verify() throws(FileSystemError) {
        try read(at: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }
}

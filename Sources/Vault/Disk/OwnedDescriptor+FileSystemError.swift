internal import Glibc
internal import Platform
internal import SFTP

/// System calls whose errors are those that a client gets.
extension OwnedDescriptor {
    /// The status of the file.
    ///
    /// The C function is `fstat`.
    func currentStatus() throws(FileSystemError) -> stat { try FileSystemError.translating(system: status()) }

    /// Reads up to `count` bytes from `offset` on; fewer only at the end of the file.
    func read(at offset: UInt64, _ count: Int) throws(FileSystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        try bytes.append(upTo: count) { buffer throws(FileSystemError) in
            try FileSystemError.translating(system: FileIO.read(raw, at: offset, into: buffer))
        }
        return bytes
    }
}

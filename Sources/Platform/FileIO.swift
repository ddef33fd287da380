private import Glibc

/// Reads and writes that go on after a signal and after a part.
///
/// Descriptors stay their owners' to close.
package enum FileIO {
    /// Writes all bytes at the descriptor's position.
    ///
    /// The C function is `write`.
    ///
    /// - Throws: the first error; some of the bytes may have been written then.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        try move(bytes.count) { done in
            write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        }
    }

    /// Writes all bytes from `offset` on.
    ///
    /// The C function is `pwrite`.
    package static func writeAll(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: UInt64
    ) throws(SystemError) {
        try move(bytes.count) { done in
            pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done,
                off_t(truncatingIfNeeded: offset + UInt64(done)))
        }
    }

    /// Calls `body`, which writes what is left, until all is written.
    private static func move(_ count: Int, _ body: (_ done: Int) -> Int) throws(SystemError) {
        var done = 0
        while done < count {
            let written = body(done)
            if written < 0 && errno == EINTR { continue }
            guard written >= 0 else { throw .last }
            // No file system writes nothing and says nothing; a loop without end would be the answer to one that does.
            guard written > 0 else { throw SystemError(ENOSPC) }
            done += written
        }
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// The C function is `pread`.
    ///
    /// - Returns: how many bytes; fewer than the buffer holds only at the end of the file.
    package static func read(
        _ descriptor: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled,
                off_t(truncatingIfNeeded: offset + UInt64(filled)))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Reads once, at the descriptor's position.
    ///
    /// The C function is `read`.
    ///
    /// - Returns: how many bytes; 0 at the end.
    package static func readOnce(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            return count
        }
    }

    /// Waits until a file, or a directory's entries, are on the disk.
    ///
    /// The C function is `fsync`. That a file system cannot do it for this kind of file (`EINVAL`, as FUSE says for
    /// directories) is no error: it has no better way either.
    package static func synchronize(_ descriptor: Int32) throws(SystemError) {
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            if errno == EINVAL { return }
            throw .last
        }
    }
}

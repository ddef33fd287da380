private import Glibc

/// The bytes of a stored file.
package struct CiphertextFile {
    /// An open file, which stays its owner's to close.
    let descriptor: Int32
    package let count: UInt64
    /// The first bytes, once they have been read.
    private var head: [UInt8] = []

    package init(descriptor: Int32, count: UInt64) {
        self.descriptor = descriptor
        self.count = count
    }

    /// All of a file as it is now.
    init(whole descriptor: Int32) throws(OpenPGPError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw OpenPGPError(.inputOutput, "cannot read the stored file", errno: errno)
        }
        self.init(descriptor: descriptor, count: UInt64(clamping: status.st_size))
    }

    /// The same with its first bytes in memory.
    ///
    /// All packet headers before the data are in them: a listing reads most files only once or twice.
    package func withHead() throws(OpenPGPError) -> CiphertextFile {
        var bytes = self
        bytes.head = try read(at: 0, Int(min(count, 2048)))
        return bytes
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// - Returns: how many bytes; fewer only at the end of the file.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let got = pread(
                descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled,
                off_t(truncatingIfNeeded: offset + UInt64(filled)))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw OpenPGPError(.inputOutput, "cannot read the stored file", errno: errno) }
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    /// Up to `length` bytes from `offset` on; fewer only at the end of the file.
    func read(at offset: UInt64, _ length: Int) throws(OpenPGPError) -> [UInt8] {
        if offset < UInt64(head.count), head.count - Int(offset) >= length {
            return Array(head[Int(offset)..<Int(offset) + length])
        }
        var bytes = [UInt8](repeating: 0, count: length)
        let filled = try bytes.withUnsafeMutableBufferPointer { buffer throws(OpenPGPError) in
            try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
        bytes.removeLast(length - filled)
        return bytes
    }
}

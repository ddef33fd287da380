private import Glibc
private import Platform

/// A stored file's ciphertext, read at any offset.
package struct CiphertextFile {
    /// An open file, which stays its owner's to close.
    let descriptor: Int32
    /// The size of the file in bytes.
    package let count: UInt64
    /// The first bytes, once they have been read.
    private var head: [UInt8] = []

    private static let failure = "cannot read the stored file"

    /// Names a file.
    ///
    /// - Parameters:
    ///   - descriptor: an open file, which stays its owner's to close.
    ///   - count: its size in bytes.
    package init(descriptor: Int32, count: UInt64) {
        self.descriptor = descriptor
        self.count = count
    }

    /// Names a file with the size that it has at the moment.
    init(whole descriptor: Int32) throws(OpenPGPError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw OpenPGPError(.inputOutput, Self.failure, errno: errno)
        }
        self.init(descriptor: descriptor, count: UInt64(clamping: status.st_size))
    }

    /// Returns the same file with its first 2 KiB in memory.
    ///
    /// They hold all packet headers before the data, so that a listing reads most files only once or twice.
    package func withHead() throws(OpenPGPError) -> CiphertextFile {
        var file = self
        file.head = try read(at: 0, Int(min(count, 2048)))
        return file
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// - Returns: how many bytes; fewer only at the end of the file.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        try OpenPGPError.inputOutput(Self.failure) { () throws(SystemError) in
            try FileIO.read(descriptor, at: offset, into: buffer)
        }
    }

    /// Reads up to `length` bytes from `offset` on; fewer only at the end of the file.
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

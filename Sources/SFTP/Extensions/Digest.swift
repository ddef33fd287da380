/// A running hash, made by ``FileSystem/digest(named:)``.
package protocol Digest: AnyObject {
    /// Takes the next bytes.
    func update(_ bytes: UnsafeRawBufferPointer)

    /// The hash of all bytes taken; nothing may be taken after it.
    func finish() -> [UInt8]
}

extension Digest {
    func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }
}

extension FileSystem {
    /// The hash of a whole file that ``permit(_:)`` lets be read.
    ///
    /// - Throws: as ``open(_:_:_:)`` and ``OpenFile/read(at:count:into:)`` do; a damaged file has no hash.
    package func hash(of path: VirtualPath, with digest: any Digest) throws(FileSystemError) -> [UInt8] {
        try permit(.read(path))
        try reading(path) { file throws(FileSystemError) in
            try file.forEachPiece(from: 0, count: nil) { digest.update($0) }
        }
        return digest.finish()
    }

    /// Opens a file for as long as `body` reads it.
    func reading<Result>(
        _ path: VirtualPath, _ body: (any OpenFile) throws(FileSystemError) -> Result
    ) throws(FileSystemError) -> Result {
        let file = try open(path, .read, FileAttributes())
        let result: Result
        do throws(FileSystemError) {
            result = try body(file)
        } catch {
            file.abandon()
            throw error
        }
        try file.close()
        return result
    }
}

extension OpenFile {
    /// Reads a range in order, in pieces of ``Limits/dataLength`` through one buffer.
    ///
    /// - Parameter count: bytes to read; nil reads to the end of the file. An earlier end is not an error.
    func forEachPiece(
        from offset: UInt64, count: UInt64?, _ body: (ArraySlice<UInt8>) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        var buffer: [UInt8] = []
        var position = offset
        var rest = count ?? .max
        while rest > 0 {
            let wanted = Int(min(rest, UInt64(Limits.dataLength)))
            buffer.removeAll(keepingCapacity: true)
            do throws(FileSystemError) {
                try read(at: position, count: wanted, into: &buffer)
            } catch {
                guard error == .endOfFile else { throw error }
                return
            }
            try body(buffer[...])
            guard buffer.count == wanted else { return }
            rest -= UInt64(wanted)
            // There is no file with bytes behind the largest offset.
            let (next, overflow) = position.addingReportingOverflow(UInt64(wanted))
            guard !overflow else { return }
            position = next
        }
    }
}

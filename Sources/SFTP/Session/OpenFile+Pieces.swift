extension OpenFile {
    /// Reads a range in order, in pieces of ``Limits/dataLength`` through one buffer.
    ///
    /// - Parameters:
    ///   - count: bytes to read; nil reads to the end of the file. An earlier end is not an error.
    ///   - fileSystem: asked before each piece whether to go on.
    func forEachPiece(
        from offset: UInt64, count: UInt64?, in fileSystem: any FileSystem,
        _ body: (ArraySlice<UInt8>) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        var buffer: [UInt8] = []
        var position = offset
        var rest = count ?? .max
        while rest > 0 {
            try fileSystem.continueRequest()
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
            // No file has bytes behind the largest offset.
            let (next, overflow) = position.addingReportingOverflow(UInt64(wanted))
            guard !overflow else { return }
            position = next
        }
    }
}

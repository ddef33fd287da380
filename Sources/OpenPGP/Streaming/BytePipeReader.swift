/// The reading end of a ``BytePipe`` for buffers of any size.
///
/// It keeps the rest of the chunk that did not fit. For the use of one thread.
package struct BytePipeReader {
    private let pipe: BytePipe
    private var chunk: [UInt8] = []
    /// Bytes of the chunk that have been given out.
    private var taken = 0

    /// Starts to read; nothing else may take chunks from the pipe.
    package init(_ pipe: BytePipe) {
        self.pipe = pipe
    }

    /// Copies the next bytes, waiting for at least one.
    ///
    /// - Returns: how many bytes, often fewer than `buffer` holds; 0 after the last one.
    /// - Throws: the failure of the pipe.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        if taken == chunk.count {
            guard let next = try pipe.next() else { return 0 }
            chunk = next
            taken = 0
        }
        let part = chunk[taken...].prefix(buffer.count)
        buffer.copyBytes(from: part)
        taken += part.count
        return part.count
    }
}

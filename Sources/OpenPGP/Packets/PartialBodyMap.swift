/// Maps offsets in a packet's body to offsets outside it, for bodies cut into chunks by partial body lengths.
///
/// Outside is the file for an encrypted packet, and the decrypted contents for a literal packet inside it. Chunks of
/// equal size at equal distances are kept as one run: a file of any size has a handful of runs, since every program
/// cuts regularly. Lookups are a binary search and arithmetic.
///
/// Source: RFC 4880, section 4.2.2.4 (partial body lengths).
package struct PartialBodyMap {
    private struct Run {
        /// The offset of its first byte in the body.
        let bodyOffset: UInt64
        /// The offset of its first byte outside.
        let outerOffset: UInt64
        /// Bytes of each chunk; never 0.
        let chunkSize: UInt64
        /// Bytes from the start of one chunk to the start of the next, outside.
        var distance: UInt64
        var chunks: UInt64

        func bodyEnd(ofChunk index: UInt64) -> UInt64 { bodyOffset + (index + 1) * chunkSize }
    }

    private var runs: [Run] = []
    private let limit: Int
    /// Bytes of the body, as far as its chunks are known.
    package private(set) var count: UInt64 = 0

    /// Makes an empty map.
    ///
    /// - Parameter limit: the most runs that it holds, which bounds its memory when chunk sizes alternate.
    package init(limit: Int = 16384) {
        self.limit = limit
    }

    /// Adds the next chunk.
    ///
    /// - Parameters:
    ///   - outerOffset: the offset of its first byte outside, behind all chunks before.
    ///   - size: its bytes; an empty chunk changes nothing.
    /// - Returns: false when the map has too many runs to take it, and stays as it is.
    package mutating func append(chunkAt outerOffset: UInt64, _ size: UInt64) -> Bool {
        guard size > 0 else { return true }
        if let last = runs.indices.last, runs[last].chunkSize == size {
            if runs[last].chunks == 1 { runs[last].distance = outerOffset - runs[last].outerOffset }
            if runs[last].outerOffset + runs[last].chunks * runs[last].distance == outerOffset {
                runs[last].chunks += 1
                count += size
                return true
            }
        }
        guard runs.count < limit else { return false }
        runs.append(Run(bodyOffset: count, outerOffset: outerOffset, chunkSize: size, distance: size, chunks: 1))
        count += size
        return true
    }

    /// The offset outside of a byte of the body.
    ///
    /// - Parameter bodyOffset: less than ``count``.
    package func outerOffset(of bodyOffset: UInt64) -> UInt64 {
        let run = runs[runIndex(of: bodyOffset)]
        let (chunk, rest) = (bodyOffset - run.bodyOffset).quotientAndRemainder(dividingBy: run.chunkSize)
        return run.outerOffset + chunk * run.distance + rest
    }

    /// Calls `body` with the offsets outside of each chunk's part of `range`, in order.
    ///
    /// - Parameter range: offsets in the body, up to ``count``.
    package func forEachPart<E>(of range: Range<UInt64>, _ body: (Range<UInt64>) throws(E) -> Void) throws(E) {
        guard !range.isEmpty else { return }
        var position = range.lowerBound
        var index = runIndex(of: position)
        while position < range.upperBound {
            let run = runs[index]
            var (chunk, rest) = (position - run.bodyOffset).quotientAndRemainder(dividingBy: run.chunkSize)
            while chunk < run.chunks, position < range.upperBound {
                let offset = run.outerOffset + chunk * run.distance + rest
                let length = min(run.bodyEnd(ofChunk: chunk), range.upperBound) - position
                try body(offset..<offset + length)
                position += length
                chunk += 1
                rest = 0
            }
            index += 1
        }
    }

    /// Moves the bytes of the body together, over the lengths between the chunks.
    ///
    /// - Parameters:
    ///   - buffer: the bytes outside from `outerOffset` on; afterwards it starts with the bytes of `range`.
    ///   - outerOffset: the offset of the buffer's first byte outside.
    ///   - range: offsets in the body whose bytes the buffer holds.
    package func removeLengths(
        in buffer: UnsafeMutableRawBufferPointer, at outerOffset: UInt64, _ range: Range<UInt64>
    ) {
        var filled = 0
        forEachPart(of: range) { part in
            let source = Int(part.lowerBound - outerOffset)
            UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: buffer[source..<source + part.count]))
            filled += part.count
        }
    }

    /// The index of the run that a byte of the body is in.
    private func runIndex(of bodyOffset: UInt64) -> Int {
        var low = 0
        var high = runs.count - 1
        while low < high {
            let middle = low + (high - low + 1) / 2
            if runs[middle].bodyOffset <= bodyOffset { low = middle } else { high = middle - 1 }
        }
        return low
    }
}

/// Where the pieces of a packet's body are in the bytes around them.
///
/// Pieces of equal size at equal distances are kept as one run: any size of file takes a handful of them, since every
/// program cuts regularly. Lookups are a binary search and arithmetic.
package struct PartialBodyMap {
    private struct Run {
        /// The position of its first byte in the body.
        let start: UInt64
        /// The position of its first byte in the bytes around it.
        let offset: UInt64
        /// The bytes of each piece; never 0.
        let size: UInt64
        /// From the start of one piece to the start of the next, in the bytes around them.
        var distance: UInt64
        var pieces: UInt64

        func end(afterPieces index: UInt64) -> UInt64 { start + (index + 1) * size }
    }

    private var runs: [Run] = []
    private let limit: Int
    /// The bytes of the body, as far as the pieces are known.
    package private(set) var count: UInt64 = 0

    /// - Parameter limit: of the runs: what alternates for ever must not take memory for ever.
    package init(limit: Int = 16384) {
        self.limit = limit
    }

    /// Adds the next piece.
    ///
    /// - Parameter offset: the position of its first byte in the bytes around it, after all before.
    /// - Returns: whether it found room; if not, the pieces are too irregular and the map stays as it is.
    package mutating func append(at offset: UInt64, _ size: UInt64) -> Bool {
        guard size > 0 else { return true }
        if let last = runs.indices.last, runs[last].size == size {
            if runs[last].pieces == 1 { runs[last].distance = offset - runs[last].offset }
            if runs[last].offset + runs[last].pieces * runs[last].distance == offset {
                runs[last].pieces += 1
                count += size
                return true
            }
        }
        guard runs.count < limit else { return false }
        runs.append(Run(start: count, offset: offset, size: size, distance: size, pieces: 1))
        count += size
        return true
    }

    /// Where a byte of the body is in the bytes around it.
    ///
    /// - Parameter position: less than ``count``.
    package func offset(of position: UInt64) -> UInt64 {
        let run = runs[index(of: position)]
        let (piece, rest) = (position - run.start).quotientAndRemainder(dividingBy: run.size)
        return run.offset + piece * run.distance + rest
    }

    /// Calls `body` for each stretch of the bytes around that holds a part of `range`, in order.
    ///
    /// - Parameter range: positions in the body, up to ``count``.
    package func forEachPart<E>(of range: Range<UInt64>, _ body: (Range<UInt64>) throws(E) -> Void) throws(E) {
        guard !range.isEmpty else { return }
        var position = range.lowerBound
        var index = index(of: position)
        while position < range.upperBound {
            let run = runs[index]
            var (piece, rest) = (position - run.start).quotientAndRemainder(dividingBy: run.size)
            while piece < run.pieces, position < range.upperBound {
                let offset = run.offset + piece * run.distance + rest
                let length = min(run.end(afterPieces: piece), range.upperBound) - position
                try body(offset..<offset + length)
                position += length
                piece += 1
                rest = 0
            }
            index += 1
        }
    }

    /// Moves the bytes of the body together, over what is between them.
    ///
    /// - Parameters:
    ///   - buffer: the bytes around the body from `offset` on; the body's are at its start afterwards.
    ///   - range: positions in the body that `buffer` holds.
    package func squeeze(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, _ range: Range<UInt64>) {
        var filled = 0
        forEachPart(of: range) { part in
            let source = Int(part.lowerBound - offset)
            UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: buffer[source..<source + part.count]))
            filled += part.count
        }
    }

    /// The run that a byte of the body belongs to.
    private func index(of position: UInt64) -> Int {
        var low = 0
        var high = runs.count - 1
        while low < high {
            let middle = low + (high - low + 1) / 2
            if runs[middle].start <= position { low = middle } else { high = middle - 1 }
        }
        return low
    }
}

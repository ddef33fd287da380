extension [UInt8] {
    /// Appends bytes that `body` writes straight into this array's storage, without a copy.
    ///
    /// - Parameters:
    ///   - count: the most bytes to append.
    ///   - body: gets the room for them, and returns how many it has written. When it throws, nothing is appended.
    mutating func append<E>(
        upTo count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        let start = self.count
        append(contentsOf: repeatElement(0, count: count))
        var filled = 0
        defer { removeLast(count - filled) }
        filled = try withUnsafeMutableBufferPointer { bytes throws(E) in
            try body(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[start...])))
        }
    }
}

/// One message being read from its start: a stored file in, plaintext out.
///
/// The last bytes are held back until the whole message has been checked: a damaged one never reads to its end. For the
/// use of one thread.
package protocol Decryption: AnyObject {
    /// Fills `buffer` with the next bytes.
    ///
    /// - Returns: how many bytes; fewer than asked only at the end, 0 after it. When it returns 0 the message was
    ///   intact.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int

    /// Gives it up and waits until nothing works at it any more.
    func cancel()
}

extension Decryption {
    /// Fills all of `buffer`, as the other does.
    package func read(into buffer: inout [UInt8]) throws(OpenPGPError) -> Int {
        try buffer.withUnsafeMutableBufferPointer { bytes throws(OpenPGPError) in
            try read(into: UnsafeMutableRawBufferPointer(bytes))
        }
    }
}

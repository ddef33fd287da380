/// A decryption in progress, from the start of the message: a stored file comes in, plaintext goes out.
///
/// The last bytes are held back until the whole message has been checked: a damaged one never reads to its end. For the
/// use of one thread.
package protocol Decryption: AnyObject {
    /// Fills `buffer` with the next bytes.
    ///
    /// - Returns: how many bytes; fewer than asked only at the end, 0 after it. When it returns 0 the message was
    ///   intact.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int

    /// Whether the message says that it is only the first part of a file.
    ///
    /// It is known when the last bytes have been read, at the latest.
    var isPartial: Bool { get }

    /// Gives the message up, and waits until no thread or process works on it any more.
    func cancel()
}

extension Decryption {
    /// Fills all of `buffer` with the next bytes; see ``read(into:)-(UnsafeMutableRawBufferPointer)``.
    package func read(into buffer: inout [UInt8]) throws(OpenPGPError) -> Int {
        try buffer.withUnsafeMutableBufferPointer { bytes throws(OpenPGPError) in
            try read(into: UnsafeMutableRawBufferPointer(bytes))
        }
    }
}

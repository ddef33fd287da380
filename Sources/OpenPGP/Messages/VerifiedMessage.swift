/// A message whose modification detection code (MDC) has been checked, and whose plaintext is then read at any offset.
///
/// It keeps the session key, inside the cipher, and no plaintext. For the use of one thread.
package final class VerifiedMessage {
    /// Bytes of plaintext.
    package let count: UInt64
    /// The MDC, which tells the message from others.
    package let code: [UInt8]
    /// Whether the message says that it is only the first part of a file.
    package let isPartial: Bool

    private let contents: SEIPDContents
    private let literal: PartialBodyMap
    /// The offset of the plaintext in the literal packet's body.
    private let start: UInt64
    private let storedCount: UInt64

    /// Describes a message that was verified.
    ///
    /// - Parameters:
    ///   - contents: the contents of the SEIPD packet.
    ///   - literal: the literal packet's body in them.
    ///   - range: the plaintext as offsets in that body.
    ///   - code: the MDC.
    ///   - isPartial: see ``isPartial``.
    ///   - storedCount: the bytes of the file.
    init(
        _ contents: SEIPDContents, _ literal: PartialBodyMap, _ range: Range<UInt64>, code: [UInt8],
        isPartial: Bool, storedCount: UInt64
    ) {
        self.code = code
        self.isPartial = isPartial
        self.contents = contents
        self.literal = literal
        self.storedCount = storedCount
        start = range.lowerBound
        count = range.upperBound - range.lowerBound
    }

    /// Fills `buffer` with the plaintext from `offset` on.
    ///
    /// - Parameter descriptor: the file that was verified, unchanged since; it stays its owner's to close.
    /// - Returns: how many bytes; fewer than asked only at the end.
    /// - Throws: `.inputOutput`.
    package func read(
        _ descriptor: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) -> Int {
        let file = CiphertextFile(descriptor: descriptor, count: storedCount)
        let available = count - min(offset, count)
        let length = Int(min(UInt64(buffer.count), available))
        // A large read is made in steps, so that the space for ciphertext stays small.
        let step = 1 << 18
        for from in stride(from: 0, to: length, by: step) {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[from..<min(from + step, length)])
            let position = start + offset + UInt64(from)
            try contents.read(file, literal, position..<position + UInt64(part.count), into: part)
        }
        return length
    }
}

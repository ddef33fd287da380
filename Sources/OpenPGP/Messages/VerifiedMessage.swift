/// A message that has been verified as a whole, and any part of which can then be read.
///
/// For the use of one thread. It keeps the session key, inside the cipher, and no plaintext.
package final class VerifiedMessage {
    /// Bytes of plaintext.
    package let count: UInt64
    /// The modification detection code, which tells it from other messages.
    package let code: [UInt8]

    private let data: SEIPDContents
    private let literal: PartialBodyMap
    private let start: UInt64
    private let storedCount: UInt64

    /// - Parameters:
    ///   - data: what is inside the encrypted-data packet.
    ///   - literal: the literal packet's body therein.
    ///   - range: the plaintext's positions in that body.
    ///   - code: the modification detection code.
    ///   - storedCount: the bytes of the file.
    init(_ data: SEIPDContents, _ literal: PartialBodyMap, _ range: Range<UInt64>, code: [UInt8], storedCount: UInt64) {
        self.code = code
        self.data = data
        self.literal = literal
        self.storedCount = storedCount
        start = range.lowerBound
        count = range.upperBound - range.lowerBound
    }

    /// Fills `buffer` with the plaintext from `offset` on.
    ///
    /// - Parameter descriptor: the very file that was verified, unchanged since; it stays its owner's to close.
    /// - Returns: how many bytes; fewer than asked only at the end.
    /// - Throws: `.inputOutput`.
    package func read(
        _ descriptor: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) -> Int {
        let bytes = CiphertextFile(descriptor: descriptor, count: storedCount)
        let available = count - min(offset, count)
        let length = Int(min(UInt64(buffer.count), available))
        // A large read is made in steps, so that the space for cipher text stays small.
        let step = 1 << 18
        for from in stride(from: 0, to: length, by: step) {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[from..<min(from + step, length)])
            let position = start + offset + UInt64(from)
            try data.read(bytes, literal, position..<position + UInt64(part.count), into: part)
        }
        return length
    }
}

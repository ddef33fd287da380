/// The decrypted contents of a SEIPD packet, readable at any offset: the random prefix and then packets.
///
/// For the use of one thread.
///
/// Source: RFC 4880, section 5.13 (symmetrically encrypted integrity protected data).
final class SEIPDContents {
    /// The packet's body in the file; its version byte comes first.
    private let body: PartialBodyMap
    private let cipher: CipherFeedback
    /// Space for ciphertext.
    private var scratch: [UInt8] = []

    init(_ body: PartialBodyMap, _ cipher: CipherFeedback) {
        self.body = body
        self.cipher = cipher
    }

    /// The size of the contents in bytes.
    var count: UInt64 { body.count - min(body.count, 1) }

    /// Decrypts a part of the body of a packet in the contents.
    ///
    /// All ciphertext for it is read from the file at once.
    ///
    /// - Parameters:
    ///   - file: the stored file.
    ///   - map: the packet's body in the contents.
    ///   - range: offsets in that body.
    ///   - buffer: as long as the range.
    /// - Throws: `.inputOutput`, also when the file has become shorter.
    func read(
        _ file: CiphertextFile, _ map: PartialBodyMap, _ range: Range<UInt64>,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) {
        guard !range.isEmpty else { return }
        let block = UInt64(CipherFeedback.block)
        let first = map.outerOffset(of: range.lowerBound) / block * block
        // CFB needs the block of ciphertext before the first.
        let start = first - min(first, block)
        let end = map.outerOffset(of: range.upperBound - 1) + 1
        let offset = body.outerOffset(of: start + 1)
        let length = Int(body.outerOffset(of: end) + 1 - offset)
        if scratch.count < length { scratch = [UInt8](repeating: 0, count: length) }
        try scratch.withUnsafeMutableBufferPointer { space throws(OpenPGPError) in
            let text = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: space[..<length]))
            guard try file.read(at: offset, into: text) == length else {
                throw OpenPGPError(.inputOutput, "the stored file has become shorter")
            }
            body.removeLengths(in: text, at: offset, start + 1..<end + 1)
            // Nothing comes before the first block.
            let before = UnsafeRawBufferPointer(rebasing: text[..<Int(first - start)])
            try cipher.restart(after: before.isEmpty ? nil : before)
            try decrypt(text, from: start, first, map, range, into: buffer)
        }
    }

    /// Decrypts the chunks of the packet, and skips the lengths between them.
    ///
    /// - Parameters:
    ///   - text: ciphertext from the offset `start` in the contents on, enough of it.
    ///   - first: the offset that the cipher is at.
    private func decrypt(
        _ text: UnsafeMutableRawBufferPointer, from start: UInt64, _ first: UInt64, _ map: PartialBodyMap,
        _ range: Range<UInt64>, into buffer: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) {
        var position = Int(first - start)
        var filled = 0
        try map.forEachPart(of: range) { part throws(OpenPGPError) in
            let place = Int(part.lowerBound - start)
            let between = UnsafeMutableRawBufferPointer(rebasing: text[position..<place])
            try cipher.decrypt(between)
            // Plaintext that was decrypted only to be skipped must not stay in memory.
            between.initializeMemory(as: UInt8.self, repeating: 0)
            try cipher.decrypt(
                UnsafeRawBufferPointer(rebasing: text[place..<place + part.count]),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + part.count]))
            position = place + part.count
            filled += part.count
        }
    }
}

/// What is inside an encrypted-data packet, readable at any place: the random prefix and then packets.
///
/// For the use of one thread.
///
/// Source: RFC 4880, section 5.13.
final class SEIPDContents {
    /// The packet's body in the file; its version byte comes first.
    private let body: PartialBodyMap
    private let cipher: CipherFeedback
    /// Cipher text.
    private var scratch: [UInt8] = []

    init(_ body: PartialBodyMap, _ cipher: CipherFeedback) {
        self.body = body
        self.cipher = cipher
    }

    /// The bytes inside.
    var count: UInt64 { body.count - min(body.count, 1) }

    /// Decrypts a range of bytes that are in pieces inside.
    ///
    /// The whole stretch of the file is read at once.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - pieces: where they are inside.
    ///   - range: positions in what the pieces make up.
    ///   - buffer: as long as the range.
    /// - Throws: `.inputOutput`, also when the file has become shorter.
    func read(
        _ bytes: CiphertextFile, _ pieces: PartialBodyMap, _ range: Range<UInt64>,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) {
        guard !range.isEmpty else { return }
        let block = UInt64(CipherFeedback.block)
        let first = pieces.offset(of: range.lowerBound) / block * block
        // The block before is needed too.
        let start = first - min(first, block)
        let end = pieces.offset(of: range.upperBound - 1) + 1
        let offset = body.offset(of: start + 1)
        let length = Int(body.offset(of: end) + 1 - offset)
        if scratch.count < length { scratch = [UInt8](repeating: 0, count: length) }
        try scratch.withUnsafeMutableBufferPointer { space throws(OpenPGPError) in
            let stretch = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: space[..<length]))
            guard try bytes.read(at: offset, into: stretch) == length else {
                throw OpenPGPError(.inputOutput, "the stored file has become shorter")
            }
            body.squeeze(stretch, at: offset, start + 1..<end + 1)
            // Nothing comes before the first block.
            let before = UnsafeRawBufferPointer(rebasing: stretch[..<Int(first - start)])
            try cipher.restart(after: before.isEmpty ? nil : before)
            try decrypt(stretch, from: start, first, pieces, range, into: buffer)
        }
    }

    /// Decrypts what the pieces hold and passes over the lengths between them.
    ///
    /// - Parameters:
    ///   - text: cipher text from the position `start` on, enough of it.
    ///   - first: the position that the cipher is at.
    private func decrypt(
        _ text: UnsafeMutableRawBufferPointer, from start: UInt64, _ first: UInt64, _ pieces: PartialBodyMap,
        _ range: Range<UInt64>, into buffer: UnsafeMutableRawBufferPointer
    ) throws(OpenPGPError) {
        var position = Int(first - start)
        var filled = 0
        try pieces.forEachPart(of: range) { part throws(OpenPGPError) in
            let place = Int(part.lowerBound - start)
            let between = UnsafeMutableRawBufferPointer(rebasing: text[position..<place])
            try cipher.decrypt(between)
            // What was decrypted only to get past it does not stay.
            between.initializeMemory(as: UInt8.self, repeating: 0)
            try cipher.decrypt(
                UnsafeRawBufferPointer(rebasing: text[place..<place + part.count]),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + part.count]))
            position = place + part.count
            filled += part.count
        }
    }
}

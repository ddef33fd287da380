/// The framing of a message that this program wrote, by which the size of its plaintext is known without a key.
package struct OwnFraming {
    /// Bytes of the SEIPD packet's body.
    package let bodyCount: UInt64
    private let contents: ContentFraming

    /// Recognises the framing by the file's size and the lengths at the places where ``OuterFraming`` puts them.
    ///
    /// - Parameters:
    ///   - lengthOffset: the offset of the SEIPD packet's first length.
    ///   - isGnuPG: whether gpg made the message: the header of its PKESK is of the old format, the native engine's of
    ///     the new one, by which short messages are told apart.
    /// - Returns: nil when another program framed it.
    init?(of file: CiphertextFile, at lengthOffset: UInt64, isGnuPG: Bool) throws(OpenPGPError) {
        guard file.count >= lengthOffset else { return nil }
        let first = try file.read(at: lengthOffset, 5)
        for contents in isGnuPG ? [.gnupg(.small), .gnupg(.large)] : [.native] as [ContentFraming] {
            let framing = contents.outer
            guard let body = framing.body(forTotal: file.count - lengthOffset),
                try Self.isFramed(framing, body, first, file, lengthOffset)
            else { continue }
            self.init(bodyCount: body, contents: contents)
            return
        }
        return nil
    }

    private init(bodyCount: UInt64, contents: ContentFraming) {
        self.bodyCount = bodyCount
        self.contents = contents
    }

    /// Compares the first, the second and the last length of the packet with those of a framing.
    ///
    /// - Parameters:
    ///   - body: bytes of the packet's body.
    ///   - first: the first five bytes from `offset` on.
    ///   - offset: the offset of the packet's first length.
    private static func isFramed(
        _ framing: OuterFraming, _ body: UInt64, _ first: [UInt8], _ file: CiphertextFile, _ offset: UInt64
    ) throws(OpenPGPError) -> Bool {
        guard body >= UInt64(framing.first) else { return first == PacketLength.fiveBytes(Int(body)) }
        guard first.first == OuterFraming.partialLength(framing.first) else { return false }
        let (chunks, last) = (body - UInt64(framing.first)).quotientAndRemainder(dividingBy: UInt64(framing.chunk))
        let next = offset + 1 + UInt64(framing.first)
        if chunks > 0, try file.read(at: next, 1) != [OuterFraming.partialLength(framing.chunk)] { return false }
        return try file.read(at: next + chunks * UInt64(framing.chunk + 1), 5) == PacketLength.fiveBytes(Int(last))
    }

    /// The plaintext sizes that the framing allows: one, seldom two.
    ///
    /// - Parameter isPartial: whether the message says that it is a partial.
    package func plaintextCounts(isPartial: Bool) -> [UInt64] {
        contents.plaintextCounts(forBody: bodyCount, isPartial: isPartial)
    }
}

/// The partial body lengths of the literal packet in a message that gpg makes from a pipe without compression.
///
/// gpg writes through a buffer of fixed size. While more data comes, each full buffer becomes a partial length; the
/// rest is cut into falling powers of two of at least 512 bytes, then a last length follows. So the size of the
/// plaintext gives the size of the SEIPD packet's body. The inverse is not always unique:
/// ``plaintextCounts(forBody:)`` may give two answers.
///
/// Source: gnupg `common/iobuf.c` (`block_filter`) and `g10/cipher.c`; the figures are checked against gpg by
/// `GnuPGFramingTests`.
package struct GnuPGFraming: Equatable, Codable, Sendable {
    /// The size of gpg's buffer.
    let buffer: UInt64

    /// The framing of gpg before version 2.3.
    package static let small = GnuPGFraming(buffer: 1 << 13)
    /// The framing of gpg from version 2.3 on.
    package static let large = GnuPGFraming(buffer: 1 << 16)

    private init(buffer: UInt64) {
        self.buffer = buffer
    }

    /// The shortest first partial length that OpenPGP allows.
    private static let smallest: UInt64 = 512
    /// Bytes around the literal packet: version, random prefix with its repeat, modification detection code.
    private static let wrapping: UInt64 = 1 + 18 + 22

    /// The bytes of all lengths together, for a packet body of `count` bytes.
    package func lengthBytes(forBody count: UInt64) -> UInt64 {
        let last: UInt64 = (count < Self.smallest ? count : count % Self.smallest) < 192 ? 1 : 2
        guard count >= Self.smallest else { return last }
        return count / buffer + UInt64((count % buffer / Self.smallest).nonzeroBitCount) + last
    }

    /// Bytes of the SEIPD packet's body, version byte included, for a plaintext of `count` bytes.
    ///
    /// - Parameter isPartial: whether the message says that it is a partial.
    package func body(forPlaintext count: UInt64, isPartial: Bool = false) -> UInt64 {
        let literal = UInt64(LiteralPacket.fields(isPartial: isPartial)) + count
        return Self.wrapping + 1 + literal + lengthBytes(forBody: literal)
    }

    /// The plaintext sizes for which the SEIPD packet's body has `body` bytes: none, one or two.
    package func plaintextCounts(forBody body: UInt64, isPartial: Bool = false) -> [UInt64] {
        let literalHeader = UInt64(LiteralPacket.fields(isPartial: isPartial))
        guard body > Self.wrapping + literalHeader else { return [] }
        // literal + lengthBytes(literal) = sum, and lengthBytes is literal / buffer and 1 to 9 more.
        let sum = body - Self.wrapping - 1
        return (1...9 as ClosedRange<UInt64>).compactMap { extra in
            guard sum >= extra + literalHeader else { return nil }
            let whole = (sum - extra) / (buffer + 1)
            let literal = sum - extra - whole
            // Neighbouring values of `extra` may lead to the same size: only one of them belongs to it.
            guard literal >= literalHeader, literal / buffer == whole,
                literal + lengthBytes(forBody: literal) == sum
            else { return nil }
            return literal - literalHeader
        }
    }
}

/// The framing of the literal packet inside a message of this program, which depends on the engine that wrote it.
package enum ContentFraming: Equatable, Codable, Sendable {
    /// By gpg.
    case gnupg(GnuPGFraming)
    /// By the native engine: partial body lengths as ``OuterFraming/nativeLiteral`` says.
    case native

    /// The framing of the SEIPD packet around it, by which a reader recognises this one.
    package var outer: OuterFraming {
        switch self {
        case .gnupg(let framing): OuterFraming(framing)
        case .native: .native
        }
    }

    /// Bytes of the SEIPD packet's body besides the literal packet: version, random prefix, modification detection
    /// code.
    private static let wrapping = UInt64(1 + LiteralPacket.prefix + LiteralPacket.trailer)

    /// Bytes of the SEIPD packet's body, version byte included, for a plaintext of `count` bytes.
    ///
    /// - Parameter isPartial: whether the message says that it is a partial.
    package func body(forPlaintext count: UInt64, isPartial: Bool = false) -> UInt64 {
        let fields = UInt64(LiteralPacket.fields(isPartial: isPartial))
        return switch self {
        case .gnupg(let framing): framing.body(forPlaintext: count, isPartial: isPartial)
        case .native:
            Self.wrapping + 1
                + OuterFraming.nativeLiteral.total(forBody: fields + count)
        }
    }

    /// The plaintext sizes for which the SEIPD packet's body has `body` bytes: none, one, or, for gpg's framing,
    /// sometimes two.
    package func plaintextCounts(forBody body: UInt64, isPartial: Bool = false) -> [UInt64] {
        let fields = UInt64(LiteralPacket.fields(isPartial: isPartial))
        switch self {
        case .gnupg(let framing): return framing.plaintextCounts(forBody: body, isPartial: isPartial)
        case .native:
            guard body > Self.wrapping + 1,
                let literal = OuterFraming.nativeLiteral.body(forTotal: body - Self.wrapping - 1),
                literal >= fields
            else { return [] }
            return [literal - fields]
        }
    }
}

package import OpenPGP

/// Checks a message as gpg produces it, byte by byte, and passes it on with the framing of ``OuterFraming``.
///
/// What it accepts is exactly one session key packet for the expected subkey and one encrypted-data packet of version 1
/// with nothing after it. Anything else, such as the AEAD packet of newer versions (tag 20), is an error.
package struct GnuPGReframer {
    private let keyID: [UInt8]
    /// Bytes of the body on their way out.
    private var body: PartialBodyWriter
    private var state = State.keyPacket
    /// Bytes of a header, or of the key packet, that has not arrived whole.
    private var head: [UInt8] = []
    /// Bytes of the body seen, its version byte included.
    package var bodyCount: UInt64 { body.count }

    private enum State: Equatable {
        case keyPacket
        case dataTag
        case length
        case chunk(left: UInt64, last: Bool)
    }

    /// - Parameters:
    ///   - keyID: the eight bytes of the subkey that the message must be for.
    ///   - framing: how to frame it.
    package init(keyID: [UInt8], _ framing: OuterFraming) {
        self.keyID = keyID
        body = PartialBodyWriter(framing)
    }

    /// Takes the next bytes from gpg and appends what can be stored to `output`.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) throws(OpenPGPError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .keyPacket: try takeKeyPacket(&rest, &output)
            case .dataTag: try takeDataTag(&rest, &output)
            case .length: try takeLength(&rest)
            case .chunk(let left, let last): try takeBody(&rest, left, last, &output)
            }
        }
    }

    /// Ends the message and appends the last bytes.
    ///
    /// - Throws: `.engine` when gpg's message is not whole.
    package mutating func finish(_ output: inout [UInt8]) throws(OpenPGPError) {
        guard state == .chunk(left: 0, last: true), bodyCount > 0 else { throw Self.bad("ends early") }
        body.finish()
        body.drain { output.append(contentsOf: $0) }
    }

    private mutating func takeKeyPacket(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ output: inout [UInt8]
    ) throws(OpenPGPError) {
        head.append(rest.removeFirst())
        guard let header = PacketHeader(head) else {
            guard head.count < 6 else { throw Self.bad("does not start with a packet") }
            return
        }
        // 8 KiB holds the session key packet of the largest key there is. The header's format is what tells gpg's
        // messages from the native engine's.
        guard header.tag == 1, header.isOldFormat, case .definite(let length) = header.length,
            (12...8192).contains(length)
        else {
            throw Self.bad("does not start with an encrypted session key")
        }
        guard head.count == header.headerLength + Int(length) else { return }
        let body = head.dropFirst(header.headerLength)
        guard body.first == 3 else { throw Self.bad("has a session key packet of an unknown version") }
        guard body.dropFirst().prefix(8).elementsEqual(keyID) else { throw Self.bad("is for another key") }
        output += head
        head = []
        state = .dataTag
    }

    private mutating func takeDataTag(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ output: inout [UInt8]
    ) throws(OpenPGPError) {
        let tag = rest.removeFirst()
        guard tag == 0xc0 | 18 else {
            throw Self.bad(
                tag == 0xc0 | 20
                    ? "uses an AEAD draft (packet 20): the key asks for it, and other programs cannot read it"
                    : "has no integrity-protected data packet")
        }
        output.append(tag)
        state = .length
    }

    private mutating func takeLength(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(OpenPGPError) {
        head.append(rest.removeFirst())
        guard let (length, _) = PacketLength.read(head) else { return }
        head = []
        switch length {
        case .definite(let count): state = .chunk(left: count, last: true)
        case .partial(let count): state = .chunk(left: count, last: false)
        case .indeterminate: throw Self.bad("has no length")
        }
    }

    private mutating func takeBody(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ left: UInt64, _ last: Bool, _ output: inout [UInt8]
    ) throws(OpenPGPError) {
        guard left > 0 || !last else { throw Self.bad("goes on after its end") }
        let part = rest.prefix(Int(min(left, UInt64(rest.count))))
        if bodyCount == 0, let version = part.first, version != 1 { throw Self.bad("has an unknown version") }
        body.append(UnsafeRawBufferPointer(rebasing: part))
        if body.ready > 0 { body.drain { output.append(contentsOf: $0) } }
        rest = rest.dropFirst(part.count)
        let remaining = left - UInt64(part.count)
        state = remaining == 0 && !last ? .length : .chunk(left: remaining, last: last)
    }

    private static func bad(_ what: String) -> OpenPGPError {
        OpenPGPError(.engine, "what gpg wrote is not the expected message: it \(what)")
    }
}

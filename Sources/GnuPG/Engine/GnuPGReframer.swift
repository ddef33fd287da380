package import OpenPGP

/// Checks the packets of a message from gpg and gives its SEIPD packet the partial body lengths of ``OuterFraming``.
///
/// It accepts exactly one PKESK packet for the expected subkey and one SEIPD packet of version 1, with nothing after
/// it. Anything else, such as the AEAD packet of newer versions (tag 20), is an error.
package struct GnuPGReframer {
    private let keyID: [UInt8]
    /// The SEIPD packet's body on its way out.
    private var body: PartialBodyWriter
    private var state = State.pkesk
    /// The bytes so far of a length or of the PKESK packet, until it is whole.
    private var head: [UInt8] = []
    /// Bytes of the SEIPD packet's body so far, its version byte included.
    package var bodyCount: UInt64 { body.count }

    private enum State: Equatable {
        case pkesk
        case seipdTag
        case length
        case chunk(left: UInt64, last: Bool)
    }

    /// - Parameters:
    ///   - keyID: the eight bytes of the subkey that the message must be for.
    ///   - framing: the partial body lengths of the output.
    package init(keyID: [UInt8], _ framing: OuterFraming) {
        self.keyID = keyID
        body = PartialBodyWriter(framing)
    }

    /// Takes the next bytes from gpg, and appends to `output` the bytes that can be stored by now.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) throws(OpenPGPError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .pkesk: try takePKESK(&rest, &output)
            case .seipdTag: try takeSEIPDTag(&rest, &output)
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

    private mutating func takePKESK(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ output: inout [UInt8]
    ) throws(OpenPGPError) {
        head.append(rest.removeFirst())
        guard let header = PacketHeader(head) else {
            guard head.count < 6 else { throw Self.bad("does not start with a packet") }
            return
        }
        // 8 KiB holds the PKESK packet of the largest key there is. The old packet format distinguishes gpg's messages
        // from the native engine's.
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
        state = .seipdTag
    }

    private mutating func takeSEIPDTag(
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
        guard left > 0 || !last else { throw Self.bad("continues after its end") }
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

private import Glibc

/// The octets of a stored file, wherever they are.
package struct StoredOctets {
    package let count: UInt64
    private let readAt: (UInt64, Int) throws(OpenPGPError) -> [UInt8]

    /// An open file of `count` octets; the descriptor stays its owner's to close.
    package init(descriptor: Int32, count: UInt64) {
        self.count = count
        readAt = { offset, length throws(OpenPGPError) in
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
                while filled < length {
                    let got = pread(
                        descriptor, buffer.baseAddress.map { $0 + filled }, length - filled,
                        off_t(truncatingIfNeeded: offset + UInt64(filled)))
                    if got < 0 && errno == EINTR { continue }
                    if got < 0 { failure = errno }
                    if got <= 0 { return }
                    filled += got
                }
            }
            guard failure == 0 else { throw OpenPGPError(.inputOutput, "cannot read the file", errno: failure) }
            return bytes
        }
    }

    package init(_ bytes: [UInt8]) {
        count = UInt64(bytes.count)
        readAt = { offset, length throws(OpenPGPError) in
            Array(bytes.dropFirst(Int(min(offset, UInt64(bytes.count)))).prefix(length))
        }
    }

    /// Up to `length` octets from `offset` on; fewer only at the end.
    package func read(at offset: UInt64, _ length: Int) throws(OpenPGPError) -> [UInt8] {
        try readAt(offset, length)
    }
}

/// The outside of one stored message: its packets, as far as they can be read without a key.
///
/// Source: RFC 4880, sections 5.1, 5.13 and 11.3 (OpenPGP messages).
package struct StoredMessage {
    /// Where the lengths of the encrypted-data packet begin, right after its tag.
    let lengthOffset: UInt64
    /// What the framing tells, if this program framed it (``StoredFraming``); else nil.
    let stored: Stored?
    let octets: StoredOctets

    /// What is known of a message that this program framed.
    struct Stored {
        /// The length of the encrypted-data packet's body.
        let body: UInt64
        /// How gpg framed what is inside.
        let inside: GnuPGFraming
    }

    /// Reads the packet headers.
    ///
    /// - Throws: `.message` for anything but session key packets followed by an integrity-protected data packet of
    ///   version 1: unencrypted, without integrity protection, AEAD drafts, garbage.
    package init(_ octets: StoredOctets) throws(OpenPGPError) {
        self.octets = octets
        var offset: UInt64 = 0
        // For each packet before the data: whether its header is of the old format, as gpg's is.
        var formats: [Bool] = []
        var hasRecipient = false
        while true {
            let start = try octets.read(at: offset, 16)
            guard let header = PacketHeader(start) else { throw Self.damaged("no OpenPGP packet where one must be") }
            if header.tag == 18 {
                lengthOffset = offset + 1
                let (_, size) = try Self.length(octets, at: lengthOffset)
                guard !header.isOldFormat, try octets.read(at: lengthOffset + UInt64(size), 1) == [1] else {
                    throw Self.damaged("its encrypted-data packet is of an unknown version")
                }
                break
            }
            guard case .definite(let length) = header.length else { throw Self.damaged(Self.reason(header.tag)) }
            switch header.tag {
            case 1:
                let body = start.dropFirst(header.headerLength)
                guard body.first == 3 else { throw Self.damaged("its session key packet is of an unknown version") }
                hasRecipient = true
                formats.append(header.isOldFormat)
            case 3, 10: formats.append(false)  // A passphrase may open it as well; a marker packet is to be ignored.
            default: throw Self.damaged(Self.reason(header.tag))
            }
            // Each packet is a few hundred octets; a message does not have more than a few of them.
            guard length <= 8192, formats.count <= 64 else { throw Self.damaged("its packets are too large") }
            offset += UInt64(header.headerLength) + length
        }
        guard hasRecipient else { throw Self.damaged("it is not encrypted to a key") }
        stored = formats == [true] ? try Self.storedBody(octets, lengthOffset) : nil
    }

    /// The body's length by ``StoredFraming``, checked where that framing puts its lengths.
    private static func storedBody(_ octets: StoredOctets, _ offset: UInt64) throws(OpenPGPError) -> Stored? {
        let first = try octets.read(at: offset, 5)
        for inside in [GnuPGFraming.small, .large] {
            let framing = StoredFraming(inside)
            guard octets.count >= offset, let body = framing.body(forTotal: octets.count - offset) else { continue }
            guard body >= UInt64(framing.first) else {
                if first == PacketLength.fiveOctets(Int(body)) { return Stored(body: body, inside: inside) }
                continue
            }
            guard first.first == framing.firstLength else { continue }
            let chunks = (body - UInt64(framing.first)) / UInt64(StoredFraming.chunk)
            let last = (body - UInt64(framing.first)) % UInt64(StoredFraming.chunk)
            let next = offset + 1 + UInt64(framing.first)
            if chunks > 0, try octets.read(at: next, 1) != [StoredFraming.chunkLength] { continue }
            let end = try octets.read(at: next + chunks * UInt64(StoredFraming.chunk + 1), 5)
            if end == PacketLength.fiveOctets(Int(last)) { return Stored(body: body, inside: inside) }
        }
        return nil
    }

    /// One piece of the encrypted-data packet's body.
    struct Chunk {
        /// The position of its first octet in the body.
        let start: UInt64
        let count: UInt64
        /// The position of its first octet in the file.
        let offset: UInt64
    }

    /// The pieces of the body, by walking the lengths, whoever framed them.
    ///
    /// - Parameter limit: how many at most.
    /// - Returns: at least one.
    /// - Throws: `.message` when they do not end exactly where the file does.
    func chunks(limit: Int = .max) throws(OpenPGPError) -> [Chunk] {
        var chunks: [Chunk] = []
        var offset = lengthOffset
        var start: UInt64 = 0
        while true {
            let (length, size) = try Self.length(octets, at: offset)
            offset += UInt64(size)
            switch length {
            case .definite(let count), .partial(let count):
                guard count <= octets.count - min(offset, octets.count) else { throw Self.damaged("it is cut off") }
                chunks.append(Chunk(start: start, count: count, offset: offset))
                start += count
                offset += count
                if chunks.count == limit { return chunks }
                if case .partial = length { continue }
                guard offset == octets.count else { throw Self.damaged("something follows after its end") }
                return chunks
            case .indeterminate: throw Self.damaged("it has no length")
            }
        }
    }

    /// A well-formed message of the same session key packets and the first octets of the data.
    func beginning() throws(OpenPGPError) -> [UInt8] {
        let first = try chunks(limit: 1)[0]
        let start = try octets.read(at: first.offset, Int(min(first.count, 256)))
        return try octets.read(at: 0, Int(lengthOffset)) + PacketLength.fiveOctets(start.count) + start
    }

    private static func length(
        _ octets: StoredOctets, at offset: UInt64
    ) throws(OpenPGPError) -> (PacketLength, size: Int) {
        guard let length = PacketLength.read(try octets.read(at: offset, 5)) else { throw damaged("it is cut off") }
        return length
    }

    private static func reason(_ tag: UInt8) -> String {
        switch tag {
        case 8, 11: "it is not encrypted"
        case 9: "it has no integrity protection"
        case 20: "it uses an AEAD draft (packet 20) that is not read here"
        default: "a packet of type \(tag) has no place there"
        }
    }

    static func damaged(_ what: String) -> OpenPGPError {
        OpenPGPError(.message, "the stored file is not a whole encrypted message: \(what)")
    }
}

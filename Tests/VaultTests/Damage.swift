import Foundation
import OpenPGP
import TestSupport
import Testing

/// A stored file after damage, and the plaintext that reading it may give.
struct Damage {
    /// What was done, in words; equal for cases that a short run may take samples of.
    let kind: String
    let what: String
    let bytes: Data
    /// The only plaintext that is allowed beside an error; nil allows none.
    let truth: [UInt8]?

    /// - Parameter kind: see ``kind``; nil for a case that has no like.
    init(what: String, kind: String? = nil, bytes: Data, truth: [UInt8]? = nil) {
        self.what = what
        self.kind = kind ?? what
        self.bytes = bytes
        self.truth = truth
    }

    /// Some cases of each kind; in a full run, all.
    static func samples(of cases: [Damage], _ random: inout some RandomNumberGenerator) -> [Damage] {
        var kept: [Int] = []
        for (_, places) in Dictionary(grouping: cases.indices, by: { cases[$0].kind }).sorted(by: { $0.key < $1.key }) {
            let count = Effort.count((places.count + 3) / 4, full: places.count)
            kept += places.shuffled(using: &random).prefix(count)
        }
        return kept.sorted().map { cases[$0] }
    }
}

/// A good message, as it is in the home directory, and the ways to damage it.
struct GoodMessage {
    let what: String
    let bytes: Data
    let plain: [UInt8]
    /// How this program frames the packets of such a message.
    private let framing: ContentFraming
    /// Positions of the bytes of the SEIPD packet's lengths.
    private let lengths: [Int]
    /// The position of the SEIPD packet's tag, and of each of its partial bodies.
    private let boundaries: [Int]

    static let masks: [UInt8] = [0x01, 0x80, 0xff]

    init(_ what: String, _ bytes: Data, _ plain: [UInt8], _ framing: ContentFraming) throws {
        self.what = what
        self.bytes = bytes
        self.plain = plain
        self.framing = framing
        var place = 0
        while let header = PacketHeader(bytes.dropFirst(place).prefix(6)), header.tag != 18 {
            guard case .definite(let count) = header.length else { break }
            place += header.headerLength + Int(count)
        }
        var boundaries = [place]
        var lengths: [Int] = []
        place += 1
        while case let (length, size)? = PacketLength.read(bytes.dropFirst(place).prefix(5)) {
            lengths += place..<place + size
            place += size
            boundaries.append(place)
            switch length {
            case .partial(let count): place += Int(count)
            default:
                try #require(length == .definite(UInt64(bytes.count - place)), "\(what)")
                self.lengths = lengths
                self.boundaries = boundaries
                return
            }
        }
        throw CocoaError(.fileReadCorruptFile)
    }

    /// The PKESK packet or packets.
    var start: Data { bytes.prefix(boundaries[0]) }

    /// The body of the SEIPD packet: its version, and the ciphertext.
    var body: Data {
        var body = Data()
        var place = boundaries[0] + 1
        while case let (length, size)? = PacketLength.read(bytes.dropFirst(place).prefix(5)) {
            let count: Int
            switch length {
            case .partial(let piece), .definite(let piece): count = Int(piece)
            case .indeterminate: count = 0
            }
            body += bytes.dropFirst(place + size).prefix(count)
            place += size + count
            if case .definite = length { break }
        }
        return body
    }

    private func flipped(_ kind: String, _ index: Int, _ mask: UInt8) -> Damage {
        var damaged = bytes
        damaged[index] ^= mask
        // A bit of a PKESK packet may have no meaning; every other bit has.
        return Damage(
            what: "\(what): byte \(index) ^ \(mask)", kind: kind, bytes: damaged,
            truth: index < start.count ? plain : nil)
    }

    /// Flips bits of every byte of `head`, of some bytes at the end, of all lengths, and of some random bytes.
    ///
    /// - Parameters:
    ///   - head: the bytes of headers; nil for the first bytes of the SEIPD packet, because PKESK packets are all
    ///     alike.
    ///   - turn: the mask for the first byte; the others follow in turn. Bytes of lengths get all masks.
    func flips(head: Range<Int>? = nil, turn: Int, _ random: inout some RandomNumberGenerator) -> [Damage] {
        let head = head ?? start.count..<start.count + 30
        let around = lengths.flatMap { $0 - 2...$0 + 2 } + stride(from: bytes.count - 45, to: bytes.count, by: 3)
        let each = Set(lengths + [boundaries[0], bytes.count - 1])
        var flips: [Damage] = []
        for index in Set(Array(head) + around + each).sorted() where bytes.indices.contains(index) {
            let masks = each.contains(index) ? Self.masks : [Self.masks[(index + turn) % 3]]
            let kind =
                each.contains(index) ? "lengths" : head.contains(index) ? "headers" : "around lengths, and the end"
            flips += masks.map { flipped(kind, index, $0) }
        }
        for _ in 0..<(bytes.count > head.upperBound ? 20 : 0) {
            flips.append(
                flipped(
                    "anywhere", .random(in: head.upperBound..<bytes.count, using: &random),
                    .random(in: 1...255, using: &random)))
        }
        return flips
    }

    func truncations() -> [Damage] {
        let ends = [1, 2, 3, 10, 19, 20, 21, 22, 23, 24, 30, 40]
        let counts = [0, 1, 2] + boundaries.flatMap { [$0 - 1, $0, $0 + 1] } + ends.map { bytes.count - $0 }
        return Set(counts).filter { $0 < bytes.count && $0 >= 0 }.sorted().map {
            Damage(what: "\(what): cut to \($0)", kind: "cut off", bytes: bytes.prefix($0))
        }
    }

    func additions() -> [Damage] {
        [
            ("a byte", Data([0])), ("another byte", Data([0xd3])), ("zeros", Data(count: 4096)),
            ("itself", bytes), ("its data once more", bytes.dropFirst(start.count)),
            ("a literal packet", Self.literal), ("a marker packet", Data([0xca, 3] + Array("PGP".utf8))),
        ].map { Damage(what: "\(what): and \($0)", bytes: bytes + $1) }
    }

    static let literal = Data([0xcb, 11, 0x62, 0, 0, 0, 0, 0] + Array("hello".utf8))

    /// The same packets in other ways; all lengths fit.
    func otherPackets() throws -> [Damage] {
        let body = body
        var others = [
            Damage(what: "packet 9", bytes: start + packet(0xc9, body.dropFirst())),
            Damage(what: "packet 9 with the version", bytes: start + packet(0xc9, body)),
            Damage(what: "packet 20", bytes: start + packet(0xd4, Data([1, 9, 2, 16]) + body)),
            Damage(what: "packet 18, version 2", bytes: start + packet(0xd2, Data([2, 9, 2, 16]) + body.dropFirst())),
            Damage(what: "packet 18, version 0", bytes: start + packet(0xd2, Data([0]) + body.dropFirst())),
            Damage(what: "no session key", bytes: bytes.dropFirst(start.count)),
            Damage(what: "a session key twice", bytes: start + bytes, truth: plain),
            Damage(what: "a literal packet first", bytes: Self.literal + bytes),
            Damage(what: "a marker packet first", bytes: Data([0xca, 3] + Array("PGP".utf8)) + bytes, truth: plain),
            Damage(what: "no data", bytes: start + packet(0xd2, Data([1]))),
            Damage(what: "only a session key", bytes: start),
            Damage(what: "other lengths", bytes: start + packet(0xd2, body), truth: plain),
        ]
        others += try cutInside() + forgedLengths()
        return others.map { Damage(what: "\(what): \($0.what)", kind: $0.kind, bytes: $0.bytes, truth: $0.truth) }
    }

    private func packet(_ tag: UInt8, _ body: Data) -> Data { [tag] + PacketLength.fiveBytes(body.count) + body }

    /// The SEIPD packet with a shorter body, under lengths that fit and from which a plaintext size follows.
    ///
    /// The end of the body is not an MDC packet: only the decryption of all of it can tell.
    private func cutInside() throws -> [Damage] {
        let body = body
        var cuts = [1, 19, 20, 41, 42].filter { $0 < body.count }
        let sizes: [UInt64] = [0, 1, 2, 100, 500, 600, 2000, 5000, 32_768, 40_000, 65_530, 65_531, 100_000]
        for count in sizes.map({ Int(framing.body(forPlaintext: $0)) }) where count < body.count {
            try #require(!framing.plaintextCounts(forBody: UInt64(count)).isEmpty)
            cuts.append(count)
        }
        var cases: [Damage] = []
        for count in cuts {
            let kind = "cut inside"
            cases.append(
                Damage(what: "\(count) bytes inside", kind: kind, bytes: try framed(body.prefix(count))))
            cases.append(
                Damage(
                    what: "\(count) bytes inside, at once", kind: kind,
                    bytes: start + packet(0xd2, body.prefix(count))))
        }
        if body.count > 2000 {
            let middle = body.prefix(1000) + body.dropFirst(1500)
            cases.append(Damage(what: "a part left out", bytes: try framed(middle)))
            cases.append(
                Damage(what: "a part twice", bytes: try framed(body.prefix(1500) + body.dropFirst(1000))))
        }
        return cases
    }

    /// Messages of the native engine in which all lengths fit, outside and inside the encryption, and the MDC packet is
    /// in its place: only the comparison of the MDC tells that the plaintext was changed.
    ///
    /// The cipher is CFB: a bit that is flipped in the ciphertext is flipped in the plaintext, and the next block of 16
    /// bytes becomes random; after whole blocks that are left out, or there twice, only one block does.
    private func forgedLengths() throws -> [Damage] {
        guard framing == .native else { return [] }
        let chunk = 1 << 16
        let literal = plain.count + 6
        // Inside: 18 bytes of prefix, the tag, partial bodies of 64 KiB, and the last length of five bytes.
        let lastLength = 19 + literal / chunk * (chunk + 1)
        // A block that begins after the last length has become random, and ends before the MDC packet.
        let cut = (lastLength + 5 + 15) / 16 * 16 + 16
        let last = literal % chunk
        guard last > 96 else { return [] }
        try #require((lastLength + 1) % 16 <= 12)
        var cases = [Damage(what: "a bit of the data", bytes: try framed(forged(at: cut, 1)))]
        for blocks in [1, 2, (last - 80) / 32] {
            let count = 16 * blocks
            let shorter = forged(at: lastLength + 1, UInt32(last) ^ UInt32(last - count))
            let longer = forged(at: lastLength + 1, UInt32(last) ^ UInt32(last + count))
            let place = cut + 1
            let left = shorter.prefix(place) + shorter.dropFirst(place + count)
            let twice = longer.prefix(place + count) + longer.dropFirst(place)
            cases.append(Damage(what: "\(count) bytes left out, and lengths that fit", bytes: try framed(left)))
            guard last + count < chunk else { continue }
            cases.append(Damage(what: "\(count) bytes twice, and lengths that fit", bytes: try framed(twice)))
        }
        return cases
    }

    /// The body with bits of a number of four bytes inside the encryption flipped.
    ///
    /// - Parameters:
    ///   - place: the position of the number among the encrypted bytes; it must be in one block.
    ///   - difference: the old number, XOR the new one.
    private func forged(at place: Int, _ difference: UInt32) -> Data {
        var body = body
        // The version byte comes before what is encrypted.
        for index in 0..<4 { body[1 + place + index] ^= UInt8(truncatingIfNeeded: difference >> (24 - 8 * index)) }
        return body
    }

    /// The message with another body of the SEIPD packet, framed as the engine under test frames it.
    private func framed(_ body: Data) throws -> Data {
        var writer = PartialBodyWriter(framing.outer, after: Array(start) + [0xd2])
        writer.append([UInt8](body))
        writer.finish()
        var message = Data()
        writer.drain { message.append(contentsOf: $0) }
        let length = UInt64(message.count - start.count - 1)
        try #require(framing.outer.body(forTotal: length) == UInt64(body.count))
        return message
    }
}

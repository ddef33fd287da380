import Foundation
import OpenPGP
import TestSupport
import Testing

/// A file that is not what was stored, and what reading it may give.
struct Damage {
    let what: String
    let bytes: Data
    /// The one reading that is allowed beside an error; nil allows none.
    var truth: [UInt8]?
}

/// A good message, as it lies in the home, and all that can happen to it.
struct GoodMessage {
    let what: String
    let bytes: Data
    let plain: [UInt8]
    /// Positions of the bytes of the encrypted-data packet's lengths.
    private let lengths: [Int]
    /// Where each of its pieces begins; first of all, its tag.
    private let boundaries: [Int]

    static let masks: [UInt8] = [0x01, 0x80, 0xff]

    init(_ what: String, _ bytes: Data, _ plain: [UInt8]) throws {
        self.what = what
        self.bytes = bytes
        self.plain = plain
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

    /// The session key packet or packets.
    var start: Data { bytes.prefix(boundaries[0]) }

    /// What is in the pieces of the encrypted-data packet: its version first.
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

    private func flipped(_ index: Int, _ mask: UInt8) -> Damage {
        var damaged = bytes
        damaged[index] ^= mask
        // A bit of the session key packet may say nothing; every other counts.
        return Damage(
            what: "\(what): byte \(index) ^ \(mask)", bytes: damaged, truth: index < start.count ? plain : nil)
    }

    /// Every byte of `head` and some at the end by masks in turn, those of the lengths by each; of the others some.
    ///
    /// - Parameters:
    ///   - head: bytes of headers; nil for those at the beginning of the data, as the session key packets are all
    ///     alike.
    ///   - turn: which mask comes first.
    func flips(head: Range<Int>? = nil, turn: Int, _ random: inout some RandomNumberGenerator) -> [Damage] {
        let head = head ?? start.count..<start.count + 30
        let around = lengths.flatMap { $0 - 2...$0 + 2 } + stride(from: bytes.count - 45, to: bytes.count, by: 3)
        let each = Set(lengths + [boundaries[0], bytes.count - 1])
        var flips: [Damage] = []
        for index in Set(Array(head) + around + each).sorted() where bytes.indices.contains(index) {
            let masks = each.contains(index) ? Self.masks : [Self.masks[(index + turn) % 3]]
            flips += masks.map { flipped(index, $0) }
        }
        for _ in 0..<(bytes.count > head.upperBound ? 20 : 0) {
            flips.append(
                flipped(
                    .random(in: head.upperBound..<bytes.count, using: &random), .random(in: 1...255, using: &random)))
        }
        return flips
    }

    func truncations() -> [Damage] {
        let ends = [1, 2, 3, 10, 19, 20, 21, 22, 23, 24, 30, 40]
        let counts = [0, 1, 2] + boundaries.flatMap { [$0 - 1, $0, $0 + 1] } + ends.map { bytes.count - $0 }
        return Set(counts).filter { $0 < bytes.count && $0 >= 0 }.sorted().map {
            Damage(what: "\(what): cut to \($0)", bytes: bytes.prefix($0))
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

    /// The same packets with something else about them; lengths are right unless the length is what is wrong.
    func otherPackets() -> [Damage] {
        let body = body
        func packet(_ tag: UInt8, _ body: Data) -> Data { [tag] + PacketLength.fiveBytes(body.count) + body }
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
        // Cut off inside, under lengths that fit: only the modification detection code can tell.
        for count in Self.countsInside(below: body.count) {
            others.append(Damage(what: "\(count) bytes inside", bytes: start + Self.stored(body.prefix(count))))
            others.append(
                Damage(what: "\(count) bytes inside, at once", bytes: start + packet(0xd2, body.prefix(count))))
        }
        if body.count > 2000 {
            let middle = body.prefix(1000) + body.dropFirst(1500)
            others.append(Damage(what: "a part left out", bytes: start + Self.stored(middle)))
            others.append(
                Damage(what: "a part twice", bytes: start + Self.stored(body.prefix(1500) + body.dropFirst(1000))))
        }
        return others.map { Damage(what: "\(what): \($0.what)", bytes: $0.bytes, truth: $0.truth) }
    }

    /// Those for which the framing names a size of the plaintext, from nothing up.
    private static func countsInside(below count: Int) -> [Int] {
        let sizes: [UInt64] = [0, 1, 2, 100, 500, 600, 5000, 32_768, 40_000, 100_000]
        return sizes.map { Int(GnuPGFraming.small.body(forPlaintext: $0)) }.filter { $0 < count }
            + [1, 19, 20, 41, 42].filter { $0 < count }
    }

    /// A body as this program frames it.
    static func stored(_ body: Data) -> Data {
        var packet = Data([0xd2])
        var rest = body
        if rest.count >= 512 {
            packet += [0xe9] + rest.prefix(512)
            rest = rest.dropFirst(512)
            while rest.count >= 32768 {
                packet += [0xef] + rest.prefix(32768)
                rest = rest.dropFirst(32768)
            }
        }
        return packet + PacketLength.fiveBytes(rest.count) + rest
    }
}

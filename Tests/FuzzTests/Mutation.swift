import TestSupport

/// Changes that lead from good inputs to bad ones.
struct Mutation {
    private var random: SeededNumbers
    /// What is put in: boundaries of lengths, and what is special to one format or another.
    private static let interesting: [[UInt8]] = [
        [0], [0xff], [0x7f], [0x80], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff],
        [0x80, 0, 0, 0], [0, 4, 0, 0], [0, 4, 0, 1], [0, 0, 1, 0], [UInt8](repeating: 0xff, count: 8),
        [0x7f] + [UInt8](repeating: 0xff, count: 7), [0xd2], [0xe0], [0xfe], [0xef], [0xc0, 0], [0xd3, 0x14],
        Array("/".utf8), Array("..".utf8), Array("'".utf8), Array("\"".utf8), Array("\n".utf8), Array("[[".utf8),
    ]

    init(_ random: SeededNumbers) {
        self.random = random
    }

    /// A number below `bound`.
    mutating func number(_ bound: Int) -> Int { Int(random.next() % UInt64(max(1, bound))) }

    /// One of `choices`, which must not be empty.
    mutating func one<Choice>(of choices: [Choice]) -> Choice { choices[number(choices.count)] }

    mutating func randomBytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    /// Changes `bytes` in one to eight places.
    ///
    /// - Parameter others: of which parts may be taken.
    mutating func mutate(_ bytes: [UInt8], with others: [[UInt8]]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...number(8) {
            let place = number(bytes.count + 1)
            let length = number(min(64, bytes.count - place) + 1)
            switch number(9) {
            case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(number(8))
            case 1 where place < bytes.count: bytes[place] = UInt8(number(256))
            case 2: bytes.removeSubrange(place..<place + length)
            case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
            case 4:
                let value = one(of: Self.interesting)
                bytes.replaceSubrange(place..<min(bytes.count, place + value.count), with: value)
            case 5: bytes.insert(contentsOf: one(of: Self.interesting), at: place)
            case 6:
                let other = one(of: others)
                let start = number(other.count + 1)
                bytes.insert(contentsOf: other[start..<start + number(other.count - start + 1)], at: place)
            case 7: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: randomBytes(number(8)), at: place)
            }
        }
        return Array(bytes.prefix(8192))
    }
}

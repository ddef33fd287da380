import Foundation
import OpenPGP
import TestSupport
import Testing

/// Partial body lengths that no known program writes but the format allows, and some that it forbids.
@Suite(.serialized) struct OddFramingTests {
    private let plain = Data.random(150_000, seed: 5)
    private let fixture: KeyFixture

    init() throws {
        fixture = try KeyFixture()
    }

    /// A literal packet's body for `plain`.
    private var literal: Data { Data([UInt8(ascii: "b"), 3] + Array("abc".utf8) + [1, 2, 3, 4]) + plain }

    /// Encrypts packets as they are.
    private func encrypt(_ packets: Data) throws -> Data {
        try fixture.stockEncrypt(packets, ["-z0", "--no-literal"])
    }

    @Test(
        arguments: [
            [], [0], [3, 0], [9], [9, 13], [16], [10, 15, 15, 15], [4, 6, 5, 0, 0, 0, 2],
            Array(repeating: 9, count: 100),
            [9, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 14, 14, 13, 13, 0],
        ])
    func anyOuterAndInnerFraming(exponents: [Int]) throws {
        let inner = try encrypt(literal.packet(0xcb, exponents))
        try #require(try fixture.verified(inner)).expectParts(of: plain)
        #expect(try fixture.size(inner) == UInt64(plain.count))
        let outer = try fixture.encrypt(plain).reframed(exponents)
        try #require(try fixture.verified(outer)).expectParts(of: plain)
        #expect(try fixture.size(outer) == UInt64(plain.count))
        let both = try inner.reframed(exponents)
        try #require(try fixture.verified(both)).expectParts(of: plain)
    }

    /// The file is verified in windows of about 256 KiB; a length of five bytes is put across the edge of two.
    @Test func aLengthAcrossTheEdgeOfAWindow() throws {
        for extra in 2..<50 {
            // 262 129 bytes of pieces with their lengths, then two more or three at a time.
            let many = Array(repeating: 15, count: 7) + (5...14).reversed()
            let exponents = many + (extra % 2 == 1 ? [1] : []) + Array(repeating: 0, count: extra / 2)
            let plain = Data.random(300_000, seed: 6)
            let outer = try fixture.encrypt(plain).reframed(exponents)
            try #require(try fixture.verified(outer), "outside, \(extra)").expectEnds(of: plain)
            let literal = Data([UInt8(ascii: "b"), 0, 0, 0, 0, 0]) + plain
            let inner = try encrypt(literal.packet(0xcb, exponents)).reframed([])
            try #require(try fixture.verified(inner), "inside, \(extra)").expectEnds(of: plain)
        }
    }

    @Test func chunksOfOneByteEach() throws {
        let all = [Int](repeating: 0, count: 5000)
        let short = Data(literal.prefix(4000))
        let stored = try encrypt(short.packet(0xcb, all)).reframed(all)
        try #require(try fixture.verified(stored)).expectParts(of: short.dropFirst(9))
    }

    @Test func anOldHeaderInside() throws {
        let length = withUnsafeBytes(of: UInt32(literal.count).bigEndian) { Data($0) }
        let stored = try encrypt(Data([0xae]) + length + literal)
        #expect(try fixture.decrypt(stored) == plain)
        try #require(try fixture.verified(stored)).expectParts(of: plain)
        #expect(try fixture.size(stored) == UInt64(plain.count))
    }

    @Test func whatCannotBeReadAtAnyOffsetIsStillVerified() throws {
        let alternating = (0..<40_000).map { $0 % 2 }
        let length = withUnsafeBytes(of: UInt32(literal.count + 1).bigEndian) { Data($0) }
        let packets = [
            "alternating lengths": literal.packet(0xcb, alternating),
            "no length": Data([0xaf]) + literal,
            "two packets": literal.packet(0xcb, []) + literal.packet(0xcb, []),
            "a length beyond the end": Data([0xcb, 0xff]) + length + literal,
            "a marker packet first": Data([0xca, 3] + Array("PGP".utf8)) + literal.packet(0xcb, []),
            "an empty packet": Data([0xcb, 0]),
            "less than a header": Data([0xcb, 2, UInt8(ascii: "b"), 200]),
            "a name beyond the end": Data([0xcb, 7, UInt8(ascii: "b"), 200, 0, 0, 0, 0, 0]),
            "nothing": Data(),
            "no packet": Data(count: 1000),
        ]
        for (what, packet) in packets {
            let stored = try encrypt(packet)
            #expect(try fixture.verified(stored) == nil, "\(what)")
            for index in [stored.count - 1, stored.count - 21] {
                var damaged = stored
                damaged[index] ^= 1
                fixture.expectDamage(damaged, "\(what), damaged")
            }
        }
    }

    @Test func outerLengthsThatAlternateForEverAreNotFollowed() throws {
        let alternating = (0..<40_000).map { $0 % 2 }
        #expect(try fixture.verified(try fixture.encrypt(plain).reframed(alternating)) == nil)
        let some = Array(alternating.prefix(10_000))
        try #require(try fixture.verified(try fixture.encrypt(plain).reframed(some))).expectParts(of: plain)
    }
}

import Foundation
import OpenPGP
import TestSupport
import Testing

/// The stored format as bytes, written down here: what older versions have stored must be known by newer ones.
@Suite(.serialized) struct StoredFormatTests {
    private static let count = 200_000

    /// A stored message, and the offset of the first length of its SEIPD packet.
    private func stored(_ engine: EngineKind) throws -> (bytes: [UInt8], lengths: Int) {
        let bytes = try [UInt8](KeyFixture(engine).encrypt(Data(count: Self.count)))
        // A PKESK for a curve is short: its length is one byte in both header formats.
        #expect(bytes[0] == (engine == .native ? 0xc1 : 0x84))
        let seipd = 2 + Int(bytes[1])
        #expect(bytes[seipd] == 0xd2)
        return (bytes, seipd + 1)
    }

    /// Follows partial lengths of 2^`first`, then of 2^`chunk`, to the five-byte length at the end.
    private func expectLengths(_ bytes: [UInt8], from start: Int, first: UInt8, chunk: UInt8) throws {
        var place = start
        var exponent = first
        while bytes[place] != 0xff {
            try #require(bytes[place] == 0xe0 | exponent, "at \(place)")
            place += 1 + 1 << exponent
            exponent = chunk
        }
        let last = bytes[place + 1..<place + 5].reduce(0) { $0 << 8 | Int($1) }
        #expect(place > start && place + 5 + last == bytes.count)
    }

    @Test func theNativeEngineWrites2KiBThen64KiB() throws {
        let (bytes, lengths) = try stored(.native)
        try expectLengths(bytes, from: lengths, first: 11, chunk: 16)
        // Inside: the prefix (18), a tag, the fields (6) and the data with the lengths of three chunks of 64 KiB and of
        // the rest (3 + 5), the MDC packet (22). Around that: a version byte, and lengths of four chunks and of the rest.
        let inside = 18 + 1 + 6 + Self.count + 3 + 5 + 22
        #expect(bytes.count - lengths == 1 + inside + 4 + 5)
    }

    @Test func gpgsMessagesGet512BytesOr1KiBThen32KiB() throws {
        let (bytes, lengths) = try stored(.gpgme)
        let first: UInt8 = bytes[lengths] == 0xe9 ? 9 : 10
        try expectLengths(bytes, from: lengths, first: first, chunk: 15)
    }
}

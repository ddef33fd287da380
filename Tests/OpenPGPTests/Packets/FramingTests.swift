import Foundation
import GnuPG
import OpenPGP
import TestSupport
import Testing

/// The arithmetic of packet framing, against itself and against gpg.
@Suite struct FramingTests {
    private let framing = GnuPGFraming.small

    /// Sizes around every boundary the arithmetic knows.
    static let boundaries: [UInt64] =
        [0, 1, 185, 186, 187, 470, 505, 506, 507, 511, 512, 513]
        + [8192, 65536, 1 << 20, 1 << 30, 1 << 40].flatMap { edge in (0...12).map { edge - 6 + $0 } }

    @Test(arguments: boundaries) func inverts(count: UInt64) {
        #expect(framing.plaintextCounts(forBody: framing.body(forPlaintext: count)).contains(count))
    }

    @Test func hasOneAnswerNearlyAlways() {
        var ambiguous = 0
        for count in UInt64(0)..<73_728 {
            let counts = framing.plaintextCounts(forBody: framing.body(forPlaintext: count))
            #expect(counts.contains(count) && counts.count <= 2)
            if counts.count == 2 { ambiguous += 1 }
        }
        #expect((1...300).contains(ambiguous))
    }

    @Test(arguments: [OuterFraming(.small), OuterFraming(.large), .native, .nativeLiteral])
    func storedTotalsAreStrictlyIncreasingAndInvert(framing: OuterFraming) {
        var last: UInt64 = 0
        for body in UInt64(0)...140_000 {
            let total = framing.total(forBody: body)
            #expect(total > last)
            #expect(framing.body(forTotal: total) == body)
            // A total that no body has must not be taken for one.
            for gap in last + 1..<total { #expect(framing.body(forTotal: gap) == nil) }
            last = total
        }
        for body in [UInt64(1) << 32, 1 << 40, 1 << 50] {
            for offset in UInt64(0)...3 {
                #expect(framing.body(forTotal: framing.total(forBody: body + offset)) == body + offset)
            }
        }
        #expect(framing.body(forTotal: 0) == nil)
        #expect(framing.body(forTotal: 4) == nil)
    }

    @Test func theBufferFollowsTheVersion() {
        #expect(GnuPGFraming(GnuPGVersion(2, 2, 45)) == .small)
        #expect(GnuPGFraming(GnuPGVersion(2, 4, 0)) == .large)
        // Short bodies are framed alike by both, which is why they need not be told apart.
        for count in UInt64(0)..<8000 {
            #expect(GnuPGFraming.small.body(forPlaintext: count) == GnuPGFraming.large.body(forPlaintext: count))
        }
    }

    @Test(
        arguments: [
            ([0x00], PacketLength.definite(0), 1), ([191], .definite(191), 1), ([192, 0], .definite(192), 2),
            ([223, 255], .definite(8383), 2), ([0xff, 0, 1, 0, 0], .definite(65536), 5), ([0xe9], .partial(512), 1),
            ([0xfe], .partial(1 << 30), 1),
        ] as [([UInt8], PacketLength, Int)])
    func readsLengths(_ bytes: [UInt8], _ length: PacketLength, _ size: Int) {
        #expect(PacketLength.read(bytes)?.0 == length)
        #expect(PacketLength.read(bytes)?.size == size)
        #expect(PacketLength.read(bytes.dropLast()) == nil)
    }

    @Test func readsHeadersOfBothFormats() {
        let old = PacketHeader([0x84, 94])
        #expect(old?.tag == 1 && old?.isOldFormat == true && old?.length == .definite(94) && old?.headerLength == 2)
        let long = PacketHeader([0x85, 1, 12])
        #expect(long?.length == .definite(268) && long?.headerLength == 3)
        #expect(PacketHeader([0x87])?.length == .indeterminate)
        #expect(PacketHeader([0xd2, 0xe9])?.tag == 18)
        #expect(PacketHeader([0x12, 0x34]) == nil)
        #expect(PacketHeader([] as [UInt8]) == nil)
        #expect(PacketHeader([0x86, 0, 0, 0]) == nil)
    }
}

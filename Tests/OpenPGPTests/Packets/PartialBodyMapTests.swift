import OpenPGP
import Testing

/// Maps of partial bodies, against the plain list of the offsets of their bytes.
@Suite struct PartialBodyMapTests {
    /// Lays out chunks of these sizes with `gap` bytes before each, and lists the offset outside of each byte.
    private func layout(_ chunks: [(gap: UInt64, size: UInt64)]) -> (map: PartialBodyMap, offsets: [UInt64]) {
        var map = PartialBodyMap()
        var offsets: [UInt64] = []
        var place: UInt64 = 7
        for chunk in chunks {
            place += chunk.gap
            let isTaken = map.append(chunkAt: place, chunk.size)
            #expect(isTaken)
            offsets += place..<place + chunk.size
            place += chunk.size
        }
        return (map, offsets)
    }

    private static let layouts: [[(gap: UInt64, size: UInt64)]] = [
        [(1, 10)],
        [(1, 8), (1, 8), (1, 8), (5, 8), (1, 8)],
        [(1, 8), (5, 8), (5, 8), (1, 3), (2, 3), (2, 3), (0, 1), (0, 1)],
        [(1, 4), (1, 16), (1, 4), (1, 16), (2, 0), (1, 16)],
        Array(repeating: (1, 1), count: 40),
        [(3, 5), (1, 0)],
    ]

    @Test(arguments: layouts.indices) func everyByteIsFound(index: Int) {
        let (map, offsets) = layout(Self.layouts[index])
        #expect(map.count == UInt64(offsets.count))
        for (position, offset) in offsets.enumerated() { #expect(map.outerOffset(of: UInt64(position)) == offset) }
    }

    @Test(arguments: layouts.indices) func everyRangeIsCutIntoItsParts(index: Int) {
        let (map, offsets) = layout(Self.layouts[index])
        for start in 0...offsets.count {
            for end in start...offsets.count {
                var found: [UInt64] = []
                map.forEachPart(of: UInt64(start)..<UInt64(end)) { found += $0 }
                #expect(found == Array(offsets[start..<end]))
            }
        }
    }

    @Test(arguments: layouts.indices) func removingTheLengthsLeavesTheBody(index: Int) {
        let (map, offsets) = layout(Self.layouts[index])
        for start in offsets.indices {
            // A buffer that begins with the byte at `start`; each byte is its offset.
            let range = UInt64(start)..<map.count
            var buffer = (offsets[start]...offsets[offsets.count - 1]).map { UInt8(truncatingIfNeeded: $0) }
            buffer.withUnsafeMutableBytes { map.removeLengths(in: $0, at: offsets[start], range) }
            #expect(buffer.prefix(range.count).map(UInt64.init) == Array(offsets[start...]))
        }
    }

    @Test func anyNumberOfRegularChunksIsOneRun() {
        var map = PartialBodyMap(limit: 1)
        var taken = 0
        for index in UInt64(0)..<100_000 where map.append(chunkAt: 1 + index * 8193, 8192) { taken += 1 }
        #expect(taken == 100_000)
        #expect(map.count == 100_000 * 8192)
        #expect(map.outerOffset(of: 99_999 * 8192 + 5) == 1 + 99_999 * 8193 + 5)
        let another = map.append(chunkAt: 1 << 40, 8191)
        #expect(!another)
        #expect(map.count == 100_000 * 8192)
    }

    @Test func irregularChunksTakeBoundedMemory() {
        var map = PartialBodyMap(limit: 100)
        var place: UInt64 = 0
        var taken = 0
        while taken < 1000, map.append(chunkAt: place, UInt64(1 + taken % 2)) {
            place += 10
            taken += 1
        }
        #expect(taken == 100)
    }
}

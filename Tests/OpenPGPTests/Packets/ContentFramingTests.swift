import Foundation
import OpenPGP
import TestSupport
import Testing

/// The arithmetic of what the native engine writes.
@Suite struct ContentFramingTests {
    /// Sizes around which a piece more is begun, inside or outside.
    static let edges: [UInt64] = [0, 1995, 1 << 16, 1 << 17, 1995 + 1 << 16, 1 << 20, 1 << 32, 1 << 40, 1 << 50]

    @Test(arguments: edges) func oneSizeForEachBody(edge: UInt64) {
        let framing = ContentFraming.native
        var last: UInt64?
        for count in (edge - min(edge, 200))...(edge + 200) {
            let body = framing.body(forPlaintext: count)
            #expect(framing.plaintextCounts(forBody: body) == [count])
            // A body that no plaintext has must not be taken for one.
            if let last {
                #expect(body > last)
                for gap in last + 1..<body { #expect(framing.plaintextCounts(forBody: gap) == []) }
            }
            last = body
        }
    }

    @Test func smallBodiesHoldNothing() {
        for body in UInt64(0)..<ContentFraming.native.body(forPlaintext: 0) {
            #expect(ContentFraming.native.plaintextCounts(forBody: body) == [])
        }
    }
}

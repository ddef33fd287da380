import Foundation
import OpenPGP
import TestSupport
import Testing

/// A damaged message never reads to its end.
@Suite(.serialized) struct TamperingTests {
    private let fixture: KeyFixture
    private let plain = Data.random(100_000)
    private let stored: Data

    init() throws {
        fixture = try KeyFixture()
        stored = try fixture.encrypt(plain)
    }

    private func expectError(_ damaged: Data, _ what: String) {
        #expect(throws: OpenPGPError.self, "\(what)") {
            _ = try fixture.size(damaged)
            _ = try fixture.decrypt(damaged)
        }
    }

    @Test func flippedBytes() {
        let header = Array(0..<130)
        let body = stride(from: 130, to: stored.count, by: 9973)
        for index in header + Array(body) + [stored.count - 30, stored.count - 1] {
            var damaged = stored
            damaged[index] ^= 0x40
            // Where nothing is lost, such as a bit of a length that says the same, the right bytes are right.
            if (try? fixture.decrypt(damaged)) == plain { continue }
            expectError(damaged, "byte \(index)")
        }
    }

    @Test(arguments: [0, 1, 50, 96, 97, 98, 99, 150, 512, 700, 33_000, 65_000, 99_000]) func truncations(count: Int) {
        expectError(stored.prefix(count), "cut to \(count)")
    }

    @Test func truncatedByOneAndAppended() {
        expectError(stored.dropLast(), "one byte less")
        expectError(stored + [0], "one byte more")
        expectError(stored + stored, "twice")
    }

    @Test func otherKindsOfMessages() throws {
        let literal = Data([0xcb, 11, 0x62, 0, 0, 0, 0, 0] + Array("hello".utf8))
        expectError(literal, "unencrypted")
        expectError(Data([0xd4, 5, 1, 9, 2, 16, 0]), "packet 20")
        var withoutIntegrity = stored
        withoutIntegrity[96] = 0xc9
        expectError(withoutIntegrity, "packet 9")
        expectError(Data("just some text, longer than a header".utf8), "text")
        let symmetric = try TestKeys.gpg(TestKeys.shared.get().directory, ["--symmetric"], input: plain).output
        expectError(symmetric, "to a passphrase only")
    }

    @Test func twoFramesOfTheSameMessageDoNotMix() {
        // The first 512 bytes of another message under the same framing.
        #expect(throws: OpenPGPError.self) {
            let other = try fixture.encrypt(Data.random(100_000, seed: 2))
            _ = try fixture.decrypt(other.prefix(400) + stored.dropFirst(400))
        }
    }
}

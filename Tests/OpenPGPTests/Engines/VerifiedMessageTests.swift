import Foundation
import GnuPG
import OpenPGP
import TestSupport
import Testing

/// Reads at any offset of messages that this program wrote.
@Suite(.serialized) struct VerifiedMessageTests {
    static let sizes =
        [0, 1, 15, 16, 17] + Array(490...520) + Array(8179...8200) + [32752, 32766, 32767, 32768, 32769, 32790]
        + Array(65530...65540) + [200_000, 3 << 20]

    @Test func everyPartIsRead() throws {
        let fixture = try KeyFixture()
        for count in Self.sizes {
            let plain = Data.random(count)
            let message = try #require(try fixture.verified(try fixture.encrypt(plain)), "\(count)")
            try message.expectParts(of: plain)
        }
    }

    @Test func aHomeWithoutTheSecretKeyCannotVerify() throws {
        let fixture = try KeyFixture()
        let file = try fixture.scratch.file("stored", try fixture.encrypt(Data.random(100)))
        let keys = try TestKeys.shared.get()
        let home = try SessionHome(publicKeysIn: keys.directory, fingerprint: keys.fingerprint)
        let handle = try FileHandle(forReadingFrom: file)
        let count = try handle.seekToEnd()
        #expect { try home.cryptor.verify(handle.fileDescriptor, count: count) } throws: {
            ($0 as? OpenPGPError)?.code == .key
        }
    }

    @Test func aFileThatBecomesShorterIsAnError() throws {
        let fixture = try KeyFixture()
        let plain = Data.random(100_000)
        let message = try #require(try fixture.verified(try fixture.encrypt(plain)))
        #expect(try message.read(at: 0, 100) == plain.prefix(100))
        try FileHandle(forWritingTo: fixture.scratch.url.appending(path: "verified")).truncate(atOffset: 50_000)
        #expect(try message.read(at: 0, 100) == plain.prefix(100))
        #expect { try message.read(at: 49_000, 1000) } throws: { ($0 as? OpenPGPError)?.code == .inputOutput }
    }
}

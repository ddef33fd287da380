import Foundation
import OpenPGP
import TestSupport
import Testing

/// A damaged message never reads to its end, whoever wrote it and whoever reads it.
@Suite(.serialized) struct EngineDamageTests {
    /// Reads all there is, in small pieces.
    ///
    /// - Returns: what came out, and the error that ended it.
    private func read(_ fixture: KeyFixture, _ stored: Data) throws -> (plain: Data, error: OpenPGPError?) {
        let handle = try FileHandle(forReadingFrom: fixture.scratch.file("read", stored))
        var plain = Data()
        do {
            let decryption = try fixture.cryptor.decrypt(handle.fileDescriptor)
            defer { decryption.cancel() }
            var buffer = [UInt8](repeating: 0, count: 10_000)
            while case let got = try decryption.read(into: &buffer), got > 0 { plain += buffer[..<got] }
            return (plain, nil)
        } catch {
            return (plain, error)
        }
    }

    private func expectDamage(_ fixture: KeyFixture, _ damaged: Data, of plain: Data, _ what: String) throws {
        let (bytes, error) = try read(fixture, damaged)
        // A bit that changes nothing, as there are some in a session key packet, is no damage.
        if error == nil, bytes == plain { return }
        #expect(error != nil, "\(what)")
        #expect(bytes.count < max(plain.count, 1), "\(what)")
        #expect(throws: OpenPGPError.self, "\(what)") {
            guard try fixture.verified(damaged) == nil else { return }
            // What cannot be verified is decrypted instead.
            throw OpenPGPError(.message, "left to the reader, who was asked before")
        }
    }

    @Test(arguments: EngineKind.allCases) func everyByteOfASmallMessage(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let plain = Data.random(60)
        let stored = try fixture.encrypt(plain)
        for index in stored.indices {
            for bit in engine == .native ? [0x01, 0x80] : [0x40] as [UInt8] {
                var damaged = stored
                damaged[index] ^= bit
                try expectDamage(fixture, damaged, of: plain, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test(arguments: EngineKind.allCases) func everyLengthOfASmallMessage(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let plain = Data.random(60)
        let stored = try fixture.encrypt(plain)
        for count in 0..<stored.count { try expectDamage(fixture, stored.prefix(count), of: plain, "cut to \(count)") }
        for more in [Data([0]), stored, Data([0xca, 3] + Array("PGP".utf8))] {
            try expectDamage(fixture, stored + more, of: plain, "\(more.count) more")
        }
    }

    @Test(arguments: EngineKind.allCases) func partsOfALargeOne(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let plain = Data.random(900_000)
        let stored = try fixture.encrypt(plain)
        var numbers = SeededNumbers(for: "partsOfALargeOne \(engine)")
        let places = (0..<10).map { _ in Int.random(in: 100..<stored.count, using: &numbers) }
        let ends = [stored.count - 1, stored.count - 20, stored.count - 21, stored.count - 22, stored.count - 23]
        for index in Array(96..<130) + places + ends {
            var damaged = stored
            damaged[index] ^= 0x10
            try expectDamage(fixture, damaged, of: plain, "byte \(index)")
        }
        for count in places + ends { try expectDamage(fixture, stored.prefix(count), of: plain, "cut to \(count)") }
        try expectDamage(fixture, stored + [0], of: plain, "one byte more")
        // Two pieces of 512 bytes change places.
        var swapped = stored
        swapped.replaceSubrange(300_000..<300_512, with: stored[400_000..<400_512])
        swapped.replaceSubrange(400_000..<400_512, with: stored[300_000..<300_512])
        try expectDamage(fixture, swapped, of: plain, "swapped")
    }

    @Test(arguments: EngineKind.allCases) func theEndIsHeldBackUntilAllIsChecked(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let plain = Data.random(2_000_000)
        var damaged = try fixture.encrypt(plain)
        damaged[damaged.count - 1] ^= 1
        let (bytes, error) = try read(fixture, damaged)
        #expect(error?.code == .message)
        #expect(bytes == plain.prefix(bytes.count))
        // The first bytes come before the last have been seen: it is a stream.
        #expect((1..<plain.count).contains(bytes.count))
    }

    @Test(arguments: EngineKind.allCases) func otherKindsOfMessages(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let plain = Data.random(100_000)
        let literal = Data([0xcb, 11, 0x62, 0, 0, 0, 0, 0] + Array("hello".utf8))
        try expectDamage(fixture, literal, of: plain, "unencrypted")
        try expectDamage(fixture, Data([0xd4, 5, 1, 9, 2, 16, 0]), of: plain, "packet 20")
        var withoutIntegrity = try fixture.encrypt(plain)
        withoutIntegrity[96] = 0xc9
        try expectDamage(fixture, withoutIntegrity, of: plain, "packet 9")
        try expectDamage(fixture, Data("just some text, longer than a header".utf8), of: plain, "text")
        let symmetric = try TestKeys.gpg(TestKeys.shared.get().directory, ["--symmetric"], input: plain).output
        try expectDamage(fixture, symmetric, of: plain, "to a passphrase only")
    }

    @Test(arguments: EngineKind.allCases) func othersMessagesAreNotRead(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let stored = try TestKeys.encryptToAnotherKey(Data.random(100))
        let (bytes, error) = try read(fixture, stored)
        #expect(error?.code == .key)
        #expect(bytes.isEmpty)
        #expect { try fixture.verified(stored) } throws: { ($0 as? OpenPGPError)?.code == .key }
    }
}

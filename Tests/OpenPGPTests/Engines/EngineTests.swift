import Foundation
import GnuPG
import OpenPGP
import TestSupport
import Testing

/// What both engines promise, with stock gpg as the judge.
@Suite(.serialized) struct EngineTests {
    /// Sizes around which the one or the other begins a piece, inside or outside.
    static let sizes =
        [0, 1, 2, 185, 186] + Array(505...513) + [1993, 1994, 1995, 1996, 2048, 8185, 8186] + Array(8191...8193)
        + Array(32767...32769)
        + Array(65528...65538) + [67_530, 67_531, 67_532, 131_065, 131_066, 131_067, 200_001, 3 << 20]

    @Test(arguments: EngineKind.allCases) func whatIsWrittenIsRead(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        for count in Self.sizes { try expectRoundTrip(fixture, Data.random(count), chunk: 32768) }
    }

    @Test(arguments: EngineKind.allCases) func randomSizesInRandomPieces(engine: EngineKind) throws {
        var numbers = SeededNumbers(for: "randomSizesInRandomPieces \(engine)")
        let fixture = try KeyFixture(engine)
        for _ in 0..<12 {
            let size = Int.random(in: 0...[600, 70_000, 3_000_000].randomElement(using: &numbers)!, using: &numbers)
            let chunk = Int.random(in: 1...max(1, min(size, 300_000)), using: &numbers)
            let seed = UInt64.random(in: 1...1 << 40, using: &numbers)
            try expectRoundTrip(fixture, Data.random(size, seed: seed), chunk: chunk)
        }
    }

    private func expectRoundTrip(_ fixture: KeyFixture, _ plain: Data, chunk: Int) throws {
        let stored = try fixture.encrypt(plain, chunk: chunk)
        let read = try TestKeys.gpg(TestKeys.shared.get().directory, ["--decrypt"], input: stored)
        #expect(read.status == 0, "\(plain.count): \(read.errors)")
        #expect(read.output == plain, "\(plain.count)")
        // The size is told without a key.
        let file = try FileHandle(forReadingFrom: fixture.scratch.file("outlined", stored))
        let outline = try MessageOutline(file.fileDescriptor, count: UInt64(stored.count), checkingAll: true)
        #expect(outline.plaintextCounts.contains(UInt64(plain.count)))
        #expect(fixture.cryptor.framing != .native || outline.plaintextCounts.count == 1)
        #expect(try fixture.size(stored) == UInt64(plain.count))
        #expect(try fixture.decrypt(stored) == plain, "\(plain.count)")
        try #require(try fixture.verified(stored)).expectParts(of: plain)
    }

    /// Old vaults stay readable, and so do new ones with the other engine.
    @Test(arguments: EngineKind.allCases) func eachReadsTheOthersFiles(engine: EngineKind) throws {
        let other: EngineKind = engine == .gpgme ? .native : .gpgme
        let (fixture, writer) = (try KeyFixture(engine), try KeyFixture(other))
        let files = try [0, 1, 511, 1995, 65_530, 300_000].map { (Data.random($0), try writer.encrypt(.random($0))) }
        for (plain, stored) in files {
            #expect(try fixture.size(stored) == UInt64(plain.count))
            #expect(try fixture.decrypt(stored) == plain)
            try #require(try fixture.verified(stored)).expectParts(of: plain)
        }
    }

    @Test(arguments: EngineKind.allCases) func eachMessageHasAKeyOfItsOwn(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        var keys: Set<String> = []
        var packets: Set<Data> = []
        for _ in 0..<8 {
            let stored = try fixture.encrypt(Data.random(100))
            keys.insert(try SessionKeys.shown(by: TestKeys.shared.get().directory, stored))
            packets.insert(try stored.split().start)
        }
        #expect(keys.count == 8)
        #expect(packets.count == 8)
    }

    @Test(arguments: EngineKind.allCases) func noNameIsInsideAndNothingIsCompressed(engine: EngineKind) throws {
        let stored = try KeyFixture(engine).encrypt(Data(count: 1000))
        let packets = try TestKeys.gpg(TestKeys.shared.get().directory, ["--list-packets"], input: stored).text
        #expect(packets.contains("mdc_method: 2"))
        #expect(packets.contains("name=\"\""))
        #expect(packets.contains("mode b"))
        #expect(!packets.contains("compressed packet"))
        let told = try TestKeys.gpg(TestKeys.shared.get().directory, ["--verbose", "--decrypt"], input: stored)
        #expect(told.errors.contains("AES256"))
    }

    @Test(arguments: EngineKind.allCases) func aFullDiskEndsTheUploadWithItsReason(engine: EngineKind) throws {
        let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
        let fixture = try KeyFixture(engine)
        let encryption = try fixture.cryptor.encrypt(into: full.fileDescriptor)
        #expect {
            for _ in 0..<100 { try encryption.write([UInt8](repeating: 1, count: 65536)[...]) }
            try encryption.finish()
        } throws: { ($0 as? OpenPGPError)?.errno == ENOSPC }
        #expect(encryption.failure?.errno == ENOSPC)
        #expect(throws: OpenPGPError.self) { try encryption.finish() }
        encryption.cancel()
        withExtendedLifetime((full, fixture)) {}
    }

    @Test(arguments: EngineKind.allCases) func cancellingEndsBothWays(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let target = try FileHandle(forUpdating: fixture.scratch.file("new", Data()))
        let encryption = try fixture.cryptor.encrypt(into: target.fileDescriptor)
        try encryption.write([UInt8](repeating: 1, count: 100_000)[...])
        encryption.cancel()
        #expect(encryption.failure?.code == .cancelled)
        #expect(throws: OpenPGPError.self) { try encryption.write([1]) }
        #expect(throws: OpenPGPError.self) { try encryption.finish() }
        let stored = try fixture.encrypt(Data.random(3_000_000))
        let handle = try FileHandle(forReadingFrom: fixture.scratch.file("stored", stored))
        let decryption = try fixture.cryptor.decrypt(handle.fileDescriptor)
        var one: [UInt8] = [0]
        #expect(try decryption.read(into: &one) == 1)
        decryption.cancel()
        #expect(throws: OpenPGPError.self) {
            var rest = [UInt8](repeating: 0, count: 3_000_000)
            _ = try decryption.read(into: &rest)
        }
    }

    @Test(arguments: EngineKind.allCases) func withoutTheSecretKeyNothingIsRead(engine: EngineKind) throws {
        let keys = try TestKeys.shared.get()
        let home = try SessionHome(publicKeysIn: keys.directory, fingerprint: keys.fingerprint, engine: engine)
        #expect(
            (home.cryptor.framing == .native) == (engine == .native),
            "\(String(describing: home.cryptor.fallbackReason))")
        let scratch = try Scratch()
        let file = try FileHandle(forUpdating: scratch.file("new", Data()))
        let encryption = try home.cryptor.encrypt(into: file.fileDescriptor)
        try encryption.write([1, 2, 3])
        try encryption.finish()
        let count = try file.seekToEnd()
        #expect { try home.cryptor.decrypt(file.fileDescriptor) } throws: { ($0 as? OpenPGPError)?.code == .key }
        #expect { try home.cryptor.verify(file.fileDescriptor, count: count) } throws: {
            ($0 as? OpenPGPError)?.code == .key
        }
        #expect(try home.cryptor.plaintextCount(file.fileDescriptor, count: count) == 3)
    }

    @Test(arguments: EngineKind.allCases) func memoryDoesNotGrowWithTheFile(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        let file = try fixture.scratch.file("large", Data())
        let handle = try FileHandle(forUpdating: file)
        func pass(_ megabytes: Int) throws {
            try handle.truncate(atOffset: 0)
            let encryption = try fixture.cryptor.encrypt(into: handle.fileDescriptor)
            for _ in 0..<megabytes { try encryption.write(piece[...]) }
            try encryption.finish()
            let decryption = try fixture.cryptor.decrypt(handle.fileDescriptor)
            defer { decryption.cancel() }
            var buffer = [UInt8](repeating: 0, count: 1 << 18)
            var count = 0
            while case let got = try decryption.read(into: &buffer), got > 0 { count += got }
            #expect(count == megabytes << 20)
        }
        try pass(4)
        let before = try Memory.peak(of: {})
        let after = try Memory.peak(of: { try pass(200) })
        #expect(after - before < 16 << 20, "\(before) and \(after) bytes")
    }
}

/// What this process takes.
private enum Memory {
    /// The most bytes that were resident while `body` ran.
    ///
    /// Source: proc(5), `clear_refs` and `VmHWM`.
    static func peak(of body: () throws -> Void) throws -> Int {
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        try body()
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
    }
}

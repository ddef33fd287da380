import Foundation
import GnuPG
import OpenPGP
import TestSupport
import Testing

/// What the native engine does by itself, and what it leaves to gpg.
@Suite(.serialized) struct NativeEngineTests {
    private let plain = Data.random(900_000, seed: 8)

    /// Whether `body` makes this process wait for children, as every call of gpgme does.
    private func startsProcesses(_ body: () throws -> Void) throws -> Bool {
        func faults() -> Int {
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
            return usage.ru_minflt
        }
        let before = faults()
        try body()
        return faults() != before
    }

    @Test(arguments: EngineKind.allCases) func onlyGPGMEStartsProcesses(engine: EngineKind) throws {
        let fixture = try KeyFixture(engine)
        let isGPGME = engine == .gpgme
        var stored = Data()
        #expect(try startsProcesses { stored = try fixture.encrypt(plain) } == isGPGME)
        #expect(try startsProcesses { _ = try fixture.verified(stored) } == isGPGME)
        #expect(try startsProcesses { _ = try fixture.decrypt(stored) } == isGPGME)
        #expect(try !startsProcesses { _ = try fixture.size(stored) })
        let foreign = try fixture.stockEncrypt(plain, ["-z0"])
        #expect(try startsProcesses { _ = try fixture.verified(foreign) } == isGPGME)
        var read = Data()
        #expect(try startsProcesses { read = try fixture.decrypt(foreign) } == isGPGME)
        #expect(read == plain)
        #expect(try startsProcesses { _ = try fixture.size(foreign) } == isGPGME)
        let hidden = try fixture.stockEncrypt(plain, ["-z0", "--throw-keyids"])
        #expect(try startsProcesses { read = try fixture.decrypt(hidden) } == isGPGME)
        #expect(read == plain)
    }

    @Test(
        arguments: [
            [], ["--compress-algo", "bzip2"], ["--sign"], ["-z0", "--sign"], ["-z0", "--textmode"],
            ["-z0", "--cipher-algo", "TWOFISH"], ["-z0", "--cipher-algo", "3DES"], ["-z0", "--cipher-algo", "AES"],
            ["-z0", "--set-filename", "name"],
        ])
    func messagesMadeElsewhereAreRead(options: [String]) throws {
        let fixture = try KeyFixture(.native)
        let text = Data(String(repeating: "line\n", count: 70_000).utf8)
        let stored = try fixture.stockEncrypt(text, options)
        #expect(try fixture.decrypt(stored) == text)
        #expect(try fixture.size(stored) == UInt64(text.count))
    }

    /// A packet's body in pieces that are regular for several stretches of the file, and then are not.
    @Test func whatBecomesIrregularGoesOnWithGPG() throws {
        let fixture = try KeyFixture(.native)
        let literal = Data([UInt8(ascii: "b"), 0, 0, 0, 0, 0]) + plain
        let exponents = Array(repeating: 15, count: 24) + (0..<40_000).map { $0 % 2 }
        let inner = try fixture.stockEncrypt(literal.packet(0xcb, exponents), ["-z0", "--no-literal"])
        #expect(try fixture.decrypt(inner) == plain)
        let outer = try fixture.encrypt(plain).reframed(exponents)
        #expect(try fixture.decrypt(outer) == plain)
        for stored in [inner, outer] {
            var damaged = stored
            damaged[damaged.count - 1] ^= 1
            #expect(throws: OpenPGPError.self) { try fixture.decrypt(damaged) }
        }
        let two = try fixture.stockEncrypt(
            literal.packet(0xcb, []) + literal.packet(0xcb, []), ["-z0", "--no-literal"])
        #expect(throws: OpenPGPError.self) { try fixture.decrypt(two) }
    }

    @Test func aKeyOfAnotherKindIsLeftToGPG() throws {
        let scratch = try Scratch()
        let directory = scratch.url.appending(path: "rsa")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try #require(TestKeys.gpg(directory, ["--quick-gen-key", "rsa", "rsa2048", "default", "never"]).status == 0)
        defer { _ = try? Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"]) }
        let line = try TestKeys.gpg(directory, ["--list-keys", "--with-colons"]).text.split(separator: "\n").first {
            $0.hasPrefix("fpr:")
        }
        let fingerprint = String(try #require(line?.split(separator: ":").last))
        try #require(TestKeys.gpg(directory, ["--quick-add-key", fingerprint, "rsa2048", "encr", "never"]).status == 0)
        let home = try SessionHome(publicKeysIn: directory, fingerprint: fingerprint, engine: .native)
        #expect(home.cryptor.framing != .native)
        #expect(home.cryptor.fallbackReason == nil)
        let file = try scratch.file("stored", Data())
        let handle = try FileHandle(forUpdating: file)
        let encryption = try home.cryptor.encrypt(into: handle.fileDescriptor)
        try encryption.write([1, 2, 3])
        try encryption.finish()
        withExtendedLifetime((home, handle)) {}
        let read = try TestKeys.gpg(directory, ["--decrypt"], input: Data(contentsOf: file))
        #expect(read.output == Data([1, 2, 3]), "\(read.errors)")
    }

    /// A file that this program did not write is never taken for one whose size is known by arithmetic.
    @Test func othersFramingIsNotTakenForOurs() throws {
        let fixture = try KeyFixture(.native)
        func counts(_ stored: Data) throws -> [UInt64] {
            let file = try FileHandle(forReadingFrom: fixture.scratch.file("counted", stored))
            return try MessageOutline(file.fileDescriptor, count: UInt64(stored.count), checkingAll: true)
                .plaintextCounts
        }
        for size in [0, 1, 500, 1995, 9000, 65_530, 200_000] {
            #expect(try counts(fixture.stockEncrypt(plain.prefix(size), ["-z0"])) == [], "\(size)")
            let ours = try fixture.encrypt(plain.prefix(size))
            #expect(try counts(ours) == [UInt64(size)])
            let (start, body) = try ours.split()
            // Framed as gpg's messages are, or the session key packet's header in the old format.
            let exponents = size > 1000 ? [9] + Array(repeating: 15, count: body.count >> 15) : [9, 9, 9]
            #expect(try !counts(start + body.packet(0xd2, exponents)).contains(UInt64(size)) || size < 1995)
            var old = ours
            old[0] = 0x84
            #expect(try !counts(old).contains(UInt64(size)), "\(size)")
        }
    }
}

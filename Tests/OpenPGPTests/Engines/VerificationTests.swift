import Foundation
import OpenPGP
import TestSupport
import Testing

/// What verifying accepts and refuses.
@Suite(.serialized) struct VerificationTests {
    private let plain = Data.random(600_000, seed: 3)
    private let fixture: KeyFixture

    init() throws {
        fixture = try KeyFixture()
    }

    @Test func aFlippedBitIsNeverRead() throws {
        let stored = try fixture.encrypt(plain)
        let ends = Array(stored.count - 30..<stored.count)
        for index in Array(0..<130) + Array(stride(from: 130, to: stored.count, by: 14_983)) + ends {
            var damaged = stored
            damaged[index] ^= index % 2 == 0 ? 0x40 : 1
            do {
                // A bit of the session key packet may say the same; nil would let the damage pass as something else.
                let message = try #require(try fixture.verified(damaged), "byte \(index)")
                #expect(index < 96, "byte \(index)")
                #expect(try message.read(at: 0, plain.count) == plain, "byte \(index)")
            } catch let error as OpenPGPError {
                #expect(error.code == .message || (error.code == .key && index < 96), "byte \(index): \(error)")
            }
        }
    }

    @Test func aTruncatedFileIsDamaged() throws {
        let stored = try fixture.encrypt(plain)
        for count in [0, 1, 50, 96, 97, 98, 99, 110, 150, 609, 610, 700, 33_379, 33_380, 599_000] {
            fixture.expectDamage(stored.prefix(count), "cut to \(count)")
        }
    }

    @Test func nothingMayFollow() throws {
        let stored = try fixture.encrypt(plain)
        fixture.expectDamage(stored.dropLast(), "one byte less")
        fixture.expectDamage(stored + [0], "one byte more")
        fixture.expectDamage(stored + stored, "twice")
        let short = try fixture.encrypt(Data([1]))
        for count in 0..<short.count { fixture.expectDamage(short.prefix(count), "short, cut to \(count)") }
        fixture.expectDamage(short + [0], "short, one byte more")
    }

    /// The lengths are put right, so that only what is inside can tell.
    @Test func cutPiecesAreMissed() throws {
        let stored = try fixture.encrypt(plain)
        let (head, inside) = try stored.split()
        try #require(try fixture.verified(head + inside.packet(0xd2, []))).expectParts(of: plain)
        for count in [1, 10, 18, 19, 22, 40, 41, 42, 60, 300_000] {
            fixture.expectDamage(head + inside.prefix(count).packet(0xd2, []), "body cut to \(count)")
            fixture.expectDamage(head + inside.dropLast(count).packet(0xd2, []), "body without its last \(count)")
        }
        let shorter = inside.prefix(200_000) + inside.dropFirst(300_000)
        fixture.expectDamage(head + shorter.packet(0xd2, []), "a part left out")
        let other = try fixture.encrypt(plain).split().body
        fixture.expectDamage(head + other.packet(0xd2, []), "another message's data")
    }

    @Test(arguments: [
        ["-z0"], ["-z0", "--cipher-algo", "AES"], ["-z0", "--cipher-algo", "AES192"],
        ["-z0", "--set-filename", String(repeating: "n", count: 255)],
        ["-z0", "--throw-keyids"],
    ])
    func stockMessagesAreReadAtAnyOffset(options: [String]) throws {
        for count in [0, 1, 200, 511, 8192, 600_000] {
            let stored = try fixture.stockEncrypt(plain.prefix(count), options)
            try #require(try fixture.verified(stored), "\(count)").expectParts(of: plain.prefix(count))
        }
    }

    @Test func stockMessagesOfAFileAreReadAtAnyOffset() throws {
        let keys = try TestKeys.shared.get()
        for count in [0, 100, 3000, 600_000] {
            let file = try fixture.scratch.file("named.txt", plain.prefix(count))
            let made = try TestKeys.gpg(
                keys.directory, ["-z0", "-o", "-", "--recipient", keys.fingerprint, "--encrypt", file.path])
            try #require(try fixture.verified(made.output)).expectParts(of: plain.prefix(count))
        }
    }

    @Test(arguments: [
        [], ["-z0", "--sign"], ["--sign"], ["-z0", "--cipher-algo", "3DES"], ["-z0", "--cipher-algo", "CAMELLIA256"],
        ["-z0", "--textmode"], ["--compress-algo", "bzip2"],
    ])
    func othersHaveToBeReadFromTheirStart(options: [String]) throws {
        // In text mode what comes out is shorter than what is inside.
        let lines = Data(String(repeating: "line\r\n", count: 10_000).utf8)
        let stored = try fixture.stockEncrypt(lines, options)
        #expect(try fixture.verified(stored) == nil)
        #expect(try fixture.size(stored) == UInt64(try fixture.decrypt(stored).count))
        guard !options.contains("--cipher-algo") else { return }
        for index in [stored.count / 2, stored.count - 1] {
            var damaged = stored
            damaged[index] ^= 0x10
            fixture.expectDamage(damaged, "byte \(index)")
        }
    }

    @Test(arguments: [
        [
            "rnp", "-e", "-r", "tester", "--overwrite", "-z", "0", "--cipher", "AES256", "--keyfile", "KEY", "--output",
            "OUT",
        ],
        ["sq", "encrypt", "-B", "--compression", "none", "--recipient-cert", "KEY", "-o", "OUT"],
    ])
    func otherProgramsMessagesAreReadAtAnyOffset(line: [String]) throws {
        guard try Command.run("which", [line[0]]).status == 0 else {
            print("skipped: \(line[0]) is not installed")
            return
        }
        let keys = try TestKeys.shared.get()
        let exported = try TestKeys.gpg(keys.directory, ["--export", keys.fingerprint])
        let key = try fixture.scratch.file("key", exported.output)
        for count in [0, 1, 600, 100_000, 600_000] {
            let file = try fixture.scratch.file("plain", plain.prefix(count))
            let out = fixture.scratch.url.appending(path: "made-\(count)")
            let words = line.dropFirst().map { $0 == "KEY" ? key.path : $0 == "OUT" ? out.path : $0 } + [file.path]
            let made = try Command.run(line[0], words)
            try #require(made.status == 0, "\(made.errors)")
            let stored = try Data(contentsOf: out)
            try #require(try fixture.verified(stored), "\(count)").expectParts(of: plain.prefix(count))
            #expect(try fixture.size(stored) == UInt64(count))
            var damaged = stored
            damaged[stored.count - 10] ^= 1
            fixture.expectDamage(damaged, "\(line[0])")
        }
    }
}

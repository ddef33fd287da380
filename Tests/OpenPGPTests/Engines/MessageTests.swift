import Foundation
import GnuPG
import OpenPGP
import Secrets
import TestSupport
import Testing

/// Messages through gpgme both ways, with stock gpg as the judge.
@Suite(.serialized) struct MessageTests {
    /// Sizes for which the framing leaves two answers: the packet inside tells.
    @Test func ambiguousSizesAreExact() throws {
        let framing = GnuPGFraming.small
        let ambiguous = (0..<20_000).filter {
            framing.plaintextCounts(forBody: framing.body(forPlaintext: UInt64($0))).count == 2
        }
        let fixture = try KeyFixture(.gpgme)
        #expect(ambiguous.count > 10)
        for count in ambiguous.prefix(12) {
            #expect(try fixture.size(fixture.encrypt(Data(count: count))) == UInt64(count))
        }
    }

    @Test func piecesOfAnySizeGiveTheSameMessage() throws {
        let fixture = try KeyFixture(.gpgme)
        let plain = Data.random(40_000)
        for chunk in [1, 7, 4096, 40_000] {
            let stored = try fixture.encrypt(plain, chunk: chunk)
            #expect(try fixture.decrypt(stored) == plain)
        }
    }

    @Test func messagesMadeElsewhereHaveTheirSize() throws {
        let fixture = try KeyFixture(.gpgme)
        let plain = Data(repeating: UInt8(ascii: "a"), count: 100_000)
        let named = try fixture.scratch.file("named.txt", plain)
        let variants = [
            try fixture.stockEncrypt(plain),  // compressed
            try fixture.stockEncrypt(plain, ["-z0"]),
            try fixture.stockEncrypt(Data.random(5), ["-z0"]),
            try fixture.stockEncrypt(Data(), ["--compress-algo", "bzip2"]),
            try TestKeys.gpg(
                try TestKeys.shared.get().directory,
                ["-z0", "-o", "-", "--recipient", try TestKeys.shared.get().fingerprint, "--encrypt", named.path]
            ).output,
            try fixture.stockEncrypt(plain, ["--sign"]),
            try fixture.stockEncrypt(plain, ["-z0", "--cipher-algo", "AES128"]),
            try fixture.stockEncrypt(plain, ["-z0", "--cipher-algo", "TWOFISH"]),
        ]
        let sizes = [100_000, 100_000, 5, 0, 100_000, 100_000, 100_000, 100_000]
        for (stored, size) in zip(variants, sizes) {
            #expect(try fixture.size(stored) == UInt64(size))
            #expect(try fixture.decrypt(stored).count == size)
        }
    }

    @Test func aWrongPassphraseIsToldApart() throws {
        let keys = try TestKeys.shared.get()
        let wrong = try KeyFixture.secret("something else")
        #expect {
            try SessionHome(keysIn: keys.directory, fingerprint: keys.fingerprint, passphrase: wrong)
        } throws: { ($0 as? OpenPGPError)?.code == .passphrase }
    }

    @Test func aHomeWithPublicKeysEncryptsAndCannotDecrypt() throws {
        let stored = try KeyFixture(.gpgme).encrypt(Data.random(100))
        let keys = try TestKeys.shared.get()
        let home = try SessionHome(publicKeysIn: keys.directory, fingerprint: keys.fingerprint)
        let scratch = try Scratch()
        let handle = try FileHandle(forReadingFrom: scratch.file("stored", stored))
        #expect { try home.cryptor.decrypt(handle.fileDescriptor) } throws: { ($0 as? OpenPGPError)?.code == .key }
        let target = try FileHandle(forUpdating: scratch.file("new", Data()))
        let encryption = try home.cryptor.encrypt(into: target.fileDescriptor)
        try encryption.write([1, 2, 3])
        try encryption.finish()
    }

    @Test func anExpiredKeySaysSo() throws {
        let keys = try TestKeys.shared.get()
        let scratch = try Scratch()
        let directory = scratch.url.appending(path: "expired")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in ["pubring.kbx", "private-keys-v1.d"] {
            try FileManager.default.copyItem(
                at: keys.directory.appending(path: name), to: directory.appending(path: name))
        }
        for target in [[keys.fingerprint, "seconds=1"], [keys.fingerprint, "seconds=1", "*"]] {
            #expect(try TestKeys.gpg(directory, ["--quick-set-expire"] + target).status == 0)
        }
        _ = try Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"])
        sleep(2)
        let home = try SessionHome(publicKeysIn: directory, fingerprint: keys.fingerprint)
        let target = try FileHandle(forUpdating: scratch.file("new", Data()))
        #expect { try home.cryptor.encrypt(into: target.fileDescriptor) } throws: {
            ($0 as? OpenPGPError)?.description.contains("expired on 20") ?? false
        }
    }

    @Test func givingUpDoesNotWaitForAGPGThatHangs() throws {
        let fixture = try KeyFixture(.gpgme)
        let target = try FileHandle(forUpdating: fixture.scratch.file("new", Data()))
        let encryption = try fixture.cryptor.encrypt(into: target.fileDescriptor)
        try encryption.write([UInt8](repeating: 1, count: 1000)[...])
        let keys = try TestKeys.shared.get()
        func hanging() throws -> [Substring] {
            try Command.run("pgrep", ["-f", "gpg .*--encrypt .*\(keys.fingerprint)"]).text.split(separator: "\n")
        }
        try waitUntil("gpg runs") { try !hanging().isEmpty }
        let processes = try hanging().compactMap { pid_t($0) }
        for process in processes { kill(process, SIGSTOP) }
        // More than its pipe holds, so that the worker has to wait for it.
        try encryption.write([UInt8](repeating: 1, count: 500_000)[...])
        let time = ContinuousClock().measure { encryption.cancel() }
        for process in processes { kill(process, SIGKILL) }
        #expect(time < .seconds(30))
    }
}

import Foundation
import GnuPG
import OpenPGP
import TestSupport
import Testing

/// Other programs read what the engines write: Sequoia, RNP and GnuPG 1.4.
@Suite(.serialized) struct OracleTests {
    static let sizes = [0, 1, 185, 511, 512, 1994, 1995, 8192, 65_529, 65_530, 65_531, 67_531, 131_066, 1_000_000]

    /// A key without a passphrase, which no program asks for then, and its secret part as a file.
    private struct OpenKey {
        let directory: URL
        let fingerprint: String
        let exported: URL

        static let shared = Result { try OpenKey() }

        private init() throws {
            let directory = TestVaults.directory.appending(path: "open-key")
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            func gpg(_ arguments: [String]) throws -> Command {
                try Command.run("gpg", ["--homedir", directory.path, "--batch", "--quiet"] + arguments)
            }
            let made = try gpg(["--passphrase", "", "--quick-gen-key", "open", "future-default", "default", "never"])
            try #require(made.status == 0, "\(made.errors)")
            let line = try gpg(["--list-keys", "--with-colons"]).text.split(separator: "\n").first {
                $0.hasPrefix("fpr:")
            }
            self.directory = directory
            fingerprint = String(try #require(line?.split(separator: ":").last))
            exported = directory.appending(path: "exported")
            try gpg(["--export-secret-keys"]).output.write(to: exported)
            _ = try Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"])
        }
    }

    private struct Written {
        let plain: Data
        let stored: Data
        let file: URL
    }

    /// Messages of the sizes, as a session without the secret key writes them.
    private func written(_ engine: EngineKind, _ key: OpenKey, in scratch: Scratch) throws -> [Written] {
        // Without the secret key, which has no passphrase: a server refuses such a key directory.
        let keys = scratch.url.appending(path: "public")
        try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: key.directory.appending(path: KeyDirectory.publicKeys),
            to: keys.appending(path: KeyDirectory.publicKeys))
        let home = try SessionHome(publicKeysIn: keys, fingerprint: key.fingerprint, engine: engine)
        try #require(
            (home.cryptor.framing == .native) == (engine == .native),
            "\(String(describing: home.cryptor.fallbackReason))")
        return try Self.sizes.map { size in
            let plain = Data.random(size)
            let file = try scratch.file("stored-\(size).gpg", Data())
            let handle = try FileHandle(forUpdating: file)
            let encryption = try home.cryptor.encrypt(into: handle.fileDescriptor)
            try encryption.write(Array(plain)[...])
            try encryption.finish()
            withExtendedLifetime((home, handle)) {}
            return Written(plain: plain, stored: try Data(contentsOf: file), file: file)
        }
    }

    @Test(
        arguments: EngineKind.allCases,
        [
            ["sq", "decrypt", "--recipient-key", "KEY", "-o", "OUT", "FILE"],
            ["rnp", "-d", "--keyfile", "KEY", "--overwrite", "--output", "OUT", "FILE"],
        ])
    func otherProgramsRead(engine: EngineKind, line: [String]) throws {
        guard try Command.run("which", [line[0]]).status == 0 else {
            print("skipped: \(line[0]) is not installed")
            return
        }
        let key = try OpenKey.shared.get()
        let scratch = try Scratch()
        for message in try written(engine, key, in: scratch) {
            let out = scratch.path("out-\(message.plain.count)")
            let words = line.dropFirst().map {
                $0 == "KEY" ? key.exported.path : $0 == "OUT" ? out : $0 == "FILE" ? message.file.path : $0
            }
            let run = try Command.run(line[0], words)
            #expect(run.status == 0, "\(message.plain.count): \(run.errors)")
            #expect(try Data(contentsOf: URL(filePath: out)) == message.plain, "\(message.plain.count)")
        }
    }

    /// GnuPG 1.4 does not know the curve: it is told the session key.
    @Test(arguments: EngineKind.allCases) func oldGnuPGReads(engine: EngineKind) throws {
        guard try Command.run("which", ["gpg1"]).status == 0 else {
            print("skipped: gpg1 is not installed")
            return
        }
        let key = try OpenKey.shared.get()
        let scratch = try Scratch()
        let old = scratch.url.appending(path: "old")
        try FileManager.default.createDirectory(
            at: old, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for message in try written(engine, key, in: scratch) {
            let session = try SessionKeys.shown(by: key.directory, message.stored)
            let run = try Command.run(
                "gpg1", ["--homedir", old.path, "--batch", "--override-session-key", session, "--decrypt"],
                input: message.stored)
            #expect(run.status == 0, "\(message.plain.count): \(run.errors)")
            #expect(run.output == message.plain, "\(message.plain.count)")
        }
    }
}

import Foundation
import TestSupport
import Testing

/// `key import`: a user's own key for what comes from then on.
@Suite(.serialized) struct KeyImportTests {
    private static let keyPassphrase = "the passphrase of my own key"

    /// A key made by stock gpg.
    private struct Own {
        let fingerprint: String
        let secret: URL
        let publicOnly: URL
    }

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - passphrase: empty for a key without one.
    ///   - subkeys: algorithm and usage of each, in this order.
    private func make(
        in scratch: Scratch, primary: String = "ed25519", _ subkeys: [(String, String)], passphrase: String,
        expires: String = "never"
    ) throws -> Own {
        let home = scratch.url.appending(path: "own-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data("s2k-count 65536\n".utf8).write(to: home.appending(path: "gpg-agent.conf"))
        defer { _ = try? Command.run("gpgconf", ["--homedir", home.path, "--kill", "all"]) }
        let secret = try scratch.file("own-passphrase", Data(passphrase.utf8))
        func gpg(_ arguments: [String]) throws -> Command {
            let run = try Command.run(
                "gpg",
                [
                    "--homedir", home.path, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback",
                    "--passphrase-file", secret.path,
                ] + arguments)
            try #require(run.status == 0, "\(run.errors)")
            return run
        }
        _ = try gpg(["--quick-gen-key", "me <me@example.org>", primary, "cert,sign", expires])
        let list = try gpg(["--list-keys", "--with-colons"]).text
        let fingerprint = try #require(
            list.split(separator: "\n").first { $0.hasPrefix("fpr") }?.split(separator: ":").last.map(String.init))
        for (algorithm, usage) in subkeys { _ = try gpg(["--quick-add-key", fingerprint, algorithm, usage, expires]) }
        return Own(
            fingerprint: fingerprint,
            secret: try scratch.file("\(fingerprint).sec", gpg(["--export-secret-keys"]).output),
            publicOnly: try scratch.file("\(fingerprint).pub", gpg(["--armor", "--export"]).output))
    }

    private func importing(
        _ own: URL, into server: RunningServer, passphrase: String = RunningServer.passphrase,
        key: String = KeyImportTests.keyPassphrase
    ) throws -> Command {
        let files = try [("p", passphrase), ("k", key)].map { try server.scratch.file($0, Data("\($1)\n".utf8)).path }
        return try Command.run(
            RunningServer.program,
            [
                "key", "import", "alice", own.path, "-c", server.configuration.path, "--passphrase-file", files[0],
                "--key-passphrase-file", files[1],
            ], environment: QuickGnuPG.environment)
    }

    /// Keys as people have them, with subkeys for other things before and behind, or no passphrase.
    @Test(arguments: [
        ("rsa3072", [("rsa3072", "encr"), ("rsa3072", "auth")], keyPassphrase),
        ("ed25519", [("ed25519", "sign"), ("nistp256", "encr")], keyPassphrase),
        ("ed25519", [("cv25519", "encr"), ("ed25519", "auth")], ""),
    ])
    func newFilesAreEncryptedToIt(_ primary: String, _ subkeys: [(String, String)], _ passphrase: String) throws {
        let server = try RunningServer([("alice", "rw")])
        let contents = try Data(contentsOf: server.scratch.file("file", Data.random(70_000)))
        #expect(try server.sftp("alice", "put file before").status == 0)
        let own = try make(in: server.scratch, primary: primary, subkeys, passphrase: passphrase)
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        let wrong = try importing(own.secret, into: server, key: passphrase.isEmpty ? "" : "not the passphrase")
        if !passphrase.isEmpty {
            #expect(wrong.status == 12, "\(wrong.errors)")
            #expect(try importing(own.secret, into: server, passphrase: "not the passphrase").status == 12)
            #expect(try String(contentsOf: server.configuration, encoding: .utf8) == text)
            let taken = try importing(own.secret, into: server)
            #expect(taken.status == 0 && taken.text.contains(own.fingerprint), "\(taken.errors)")
        } else {
            #expect(wrong.status == 0, "\(wrong.errors)")
        }
        // The passphrase that was given has confirmed the new key, of whatever kind.
        let secret = try server.scratch.file("passphrase", Data("\(RunningServer.passphrase)\n".utf8))
        let verified = try Command.run(
            RunningServer.program,
            ["verify", "--unlock", "-c", server.configuration.path, "--passphrase-file", secret.path])
        #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.errors)")
        // Only the line of the key is another one.
        let old = try #require(text.firstMatch(of: /key = "[0-9A-F]{40}"/)?.0)
        #expect(
            try String(contentsOf: server.configuration, encoding: .utf8)
                == text.replacing(old, with: "key = \"\(own.fingerprint)\""))
        #expect(try server.sftp("alice", "put file after\nget before old\nget after new").status == 0, "\(server.log)")
        for name in ["old", "new"] {
            #expect(try Data(contentsOf: server.scratch.url.appending(path: name)) == contents)
        }
        #expect(try server.recover("alice/after.gpg").output == contents)
        let packets = try Command.run(
            "gpg",
            [
                "--homedir", server.scratch.url.path, "--list-only", "--list-packets",
                server.data.appending(path: "alice/after.gpg").path,
            ])
        #expect(packets.text.contains(":pubkey enc packet"))
        // What was there is encrypted to it as well, on request.
        let rotated = try Command.run(
            RunningServer.program,
            ["rotate", "alice", "--keep-key", "-c", server.configuration.path, "--passphrase-file", secret.path],
            environment: QuickGnuPG.environment)
        #expect(rotated.status == 0 && rotated.text.contains("1 files"), "\(rotated.text)\(rotated.errors)")
        #expect(try server.recover("alice/before.gpg").output == contents)
    }

    @Test func aKeyWhoseSecretIsElsewhere() throws {
        let server = try RunningServer([("alice", "wo")])
        let own = try make(in: server.scratch, [("cv25519", "encr")], passphrase: Self.keyPassphrase)
        let taken = try Command.run(
            RunningServer.program, ["key", "import", "alice", own.publicOnly.path, "-c", server.configuration.path])
        #expect(taken.status == 0 && taken.errors.contains("wo view"), "\(taken.errors)")
        try server.scratch.file("file", Data("for elsewhere".utf8))
        #expect(try server.sftp("alice", "put file", password: "anything").status == 0, "\(server.log)")
        let home = server.scratch.url.appending(path: "card")
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { _ = try? Command.run("gpgconf", ["--homedir", home.path, "--kill", "all"]) }
        let options = [
            "--homedir", home.path, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase",
            Self.keyPassphrase,
        ]
        #expect(try Command.run("gpg", options + ["--import", own.secret.path]).status == 0)
        let read = try Command.run(
            "gpg", options + ["--decrypt", server.data.appending(path: "\(server.visit("alice"))/file.gpg").path])
        #expect(read.text == "for elsewhere", "\(read.errors)")
        // There is nothing here to change the passphrase of, to export or to rotate with.
        let listed = try Command.run(RunningServer.program, ["key", "list", "-c", server.configuration.path]).text
        #expect(listed.contains("\(own.fingerprint)\t") && listed.contains("secret elsewhere\tin use"), "\(listed)")
        let secret = try server.scratch.file("passphrase", Data("\(RunningServer.passphrase)\n".utf8)).path
        for command in [
            ["user", "passwd", "alice", "--new-passphrase-file", secret],
            ["key", "export", "alice", server.scratch.path("x")], ["rotate", "alice"],
        ] {
            let refused = try Command.run(
                RunningServer.program, command + ["-c", server.configuration.path, "--passphrase-file", secret])
            #expect(refused.status == 1 && !refused.errors.isEmpty, "\(command): \(refused.status) \(refused.errors)")
        }
    }

    @Test func whatCannotBeTaken() throws {
        let vault = try KeyVault()
        let before = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs"))
        let good = try make(in: vault.scratch, [("cv25519", "encr")], passphrase: Self.keyPassphrase)
        let signing = try make(in: vault.scratch, [("ed25519", "sign")], passphrase: Self.keyPassphrase)
        let elgamal = try make(in: vault.scratch, [("elg2048", "encr")], passphrase: Self.keyPassphrase)
        let short = try make(in: vault.scratch, [("rsa1024", "encr")], passphrase: Self.keyPassphrase)
        let two = try vault.scratch.file("two", Data(contentsOf: good.secret) + Data(contentsOf: signing.secret))
        let none = try vault.scratch.file("none", Data("no key".utf8))
        for (file, reason) in [
            (signing.secret, "no subkey for encryption"), (elgamal.secret, "not supported"),
            (short.secret, "too short"),
            (two, "2 keys"), (none, "no OpenPGP key"), (vault.scratch.url.appending(path: "missing"), "cannot be read"),
        ] {
            let refused = try vault.run(["key", "import", "alice", file.path], passphrase: KeyVault.passphrase)
            #expect(refused.status == 1 && refused.errors.contains(reason), "\(refused.status) \(refused.errors)")
        }
        #expect(try vault.run(["key", "import", "bob", good.secret.path]).status == 1)
        #expect(try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs")) == before)
    }
}

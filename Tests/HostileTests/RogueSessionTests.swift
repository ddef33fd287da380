import Foundation
import TestSupport
import Testing

/// A session that has been taken over asks its monitor for what it must not get.
@Suite struct RogueSessionTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try TestVaults.copy([("alice", "rw"), ("drop", "wo")], to: scratch.url)
    }

    private static let program = URL(filePath: RunningServer.program).deletingLastPathComponent()
        .appending(path: "RogueSession").path

    /// Makes steps, and returns what each got: the kind of the answer, how many files came, and `secret` with a secret.
    private func ask(_ steps: String...) throws -> [String] {
        let run = try Command.run(Self.program, [scratch.path("Configs/server.conf")] + steps, seconds: 120)
        #expect(run.status == 0, "\(run.errors)")
        let answers = run.text.split(separator: "\n").compactMap { $0.split(separator: "> ").last.map(String.init) }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        // The data directory comes before anything is asked.
        try #require(answers.first == "settings 1")
        return Array(answers.dropFirst())
    }

    private static let end = "the monitor has ended"

    @Test(arguments: [
        "encrypt", "decrypt", "key", "garbage 1", "garbage 100", "garbage 100000", "empty", "promise drop",
    ])
    func beforeTheLoginItEnds(step: String) throws {
        #expect(try ask(step, "password drop x") == [Self.end])
    }

    @Test(arguments: ["sign 1 31 0", "sign 1 33 0", "sign 1 0 0", "sign 1 5000 0", "sign 1 32 384", "sign 1 32 1"])
    func onlyExchangeHashesAreSigned(step: String) throws { #expect(try ask(step) == [Self.end]) }

    @Test func signaturesAreCounted() throws {
        #expect(try ask("sign 20 32 256") == Array(repeating: "signature 0", count: 8) + [Self.end])
    }

    @Test func triesAreCounted() throws {
        let tries = Array(repeating: "password alice wrong", count: 10)
        let run = try Command.run(Self.program, [scratch.path("Configs/server.conf")] + tries, seconds: 120)
        let lines = run.text.split(separator: "\n")
        #expect(lines.count(where: { $0.hasSuffix("refused 0 ") }) == 6 && lines.last?.hasSuffix(Self.end) == true)
    }

    @Test func aLoginWithoutAPasswordEnds() throws { #expect(try ask("nothing drop") == [Self.end]) }

    @Test func anUnknownPublicKeyLogsNobodyIn() throws {
        let key = scratch.path("id")
        #expect(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
        #expect(
            try ask("offer alice \(key).pub", "login alice \(key).pub", "login nobody \(key).pub")
                == ["refused 0", "refused 0", "refused 0"])
    }

    /// A write-only login gets two directories, no secret, nothing decrypted, and no other user.
    @Test func aWriteOnlyLoginGetsNoKey() throws {
        let answers = try ask("password drop x", "decrypt", "key", "password alice \(RunningServer.passphrase)")
        #expect(answers == ["admitted 2", "failed 0", "failed 0", Self.end])
    }

    @Test func theOwnerGetsItsOwnKeyOnly() throws {
        let secret = TestEngine.name == "gpgme" ? "" : " secret"
        let answers = try ask(
            "password alice \(RunningServer.passphrase)", "decrypt", "sign 9 32 0",
            "password drop \(RunningServer.passphrase)")
        #expect(
            answers == ["admitted 2" + secret, "failed 0"] + Array(repeating: "signature 0", count: 9) + [Self.end])
    }
}

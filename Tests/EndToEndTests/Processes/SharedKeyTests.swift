import Foundation
import TestSupport
import Testing

/// A user's key is opened once for all sessions that the user has at the time.
@Suite(.serialized) struct SharedKeyTests {
    private let server: RunningServer

    init() throws {
        server = try RunningServer(
            [("alice", "rw"), ("bob", "rw")], append: "\n[limits]\nunauthenticated = 64\nsessions_per_address = 64\n")
    }

    private var taken: Int { server.log.components(separatedBy: "the key comes from another session").count - 1 }

    private func connect(_ user: String = "alice") throws -> WireClient {
        let wire = try server.wire(user)
        guard case .version? = try wire.initialize() else { throw Unexpected(description: "no login") }
        return wire
    }

    /// Counts, because times depend on the machine: all but one of them have nothing to open.
    @Test func sixteenAtOnceOpenItOnce() throws {
        let start = Date()
        try connect().close()
        let one = Date().timeIntervalSince(start)
        try waitUntil("it has ended") { server.monitors.isEmpty }
        let began = Date()
        let wires = try (0..<16).map { _ in try server.wire("alice") }
        for wire in wires { try wire.send(RequestWriter.initialize()) }
        for wire in wires { #expect(try wire.reply() != nil) }
        let all = Date().timeIntervalSince(began)
        print("one login: \(one) s; sixteen at once: \(all) s, \(all / one) times that")
        #expect(taken == 15)
        for wire in wires { wire.close() }
    }

    /// The second session can read what the first can, also with gpg; the first one's end changes nothing.
    @Test func aTakenKeyReadsEverything() throws {
        try server.scratch.file("up", Data("plain".utf8))
        let first = try connect()
        #expect(try server.sftp("alice", "put up file").status == 0)
        // Stock gpg compresses, which only gpg reads.
        let keys = server.scratch.url.appending(path: "Configs/keys/alice")
        let text = String(repeating: "compressed ", count: 10_000)
        let made = try Command.run(
            "gpg",
            [
                "--homedir", keys.path, "--batch", "--trust-model", "always", "--recipient-file",
                server.scratch.file("key", try export(keys)).path, "--encrypt",
            ], input: Data(text.utf8))
        #expect(made.status == 0, "\(made.errors)")
        try made.output.write(to: server.data.appending(path: "alice/other.gpg"))
        let second = try connect()
        #expect(taken >= 1)
        first.close()
        try waitUntil("the first has ended") { server.monitors.count == 1 }
        #expect(try second.download("/file") == Data("plain".utf8))
        #expect(try second.download("/other") == Data(text.utf8))
        let third = try connect()
        #expect(try third.download("/other") == Data(text.utf8))
        #expect(taken >= 2)
    }

    private func export(_ keys: URL) throws -> Data {
        try Command.run("gpg", ["--homedir", keys.path, "--batch", "--export"]).output
    }

    @Test func nobodyElseGetsIt() throws {
        let first = try connect()
        let other = try connect("bob")
        #expect(taken == 0, "another user opens another key")
        // Whatever changes in the account's settings or in its key directory, the key is opened anew.
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        let changed = text.replacing("\nname = \"alice\"", with: "\nname = \"alice\"\nmax_depth = 31")
        try Data(changed.utf8).write(to: server.configuration)
        let second = try connect()
        #expect(taken == 0, "\(server.log.suffix(3000))")
        try Data("x".utf8).write(to: server.scratch.url.appending(path: "Configs/keys/alice/note"))
        let third = try connect()
        #expect(taken == 0)
        let fourth = try connect()
        #expect(taken == 1)
        // The wrong passphrase gets nothing, whoever is logged in.
        #expect(try server.sftp("alice", "ls", password: "wrong").status != 0)
        #expect(taken == 1)
        for wire in [first, other, second, third, fourth] { wire.close() }
    }
}

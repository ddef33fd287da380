import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ListTests {
    private let vault: ToolVault

    init() throws {
        vault = try ToolVault()
        // Nothing here needs the secret key.
        try FileManager.default.removeItem(at: vault.keys.appending(path: "private-keys-v1.d"))
    }

    @Test func sizesAndTimesWithoutAPassphrase() throws {
        let sizes = [0, 1, 100, 8191, 8192, 65_536, 1_000_003]
        for size in sizes { try vault.plain("new/\(size)", .random(size), modified: 1_600_000_000 + size) }
        try #require(try vault.run("encrypt", ["new"]).status == 0)
        try vault.gpg(vault.stored("new/foreign.gpg"), Data(repeating: 7, count: 5000))
        try FileManager.default.copyItem(at: vault.stored("new/100.gpg"), to: vault.stored("cut.gpg.part"))
        try Data("x".utf8).write(to: vault.stored("stray"))

        let run = try vault.run("list", ["--json"])
        #expect(run.status == 0, "\(run.errors)")
        let lines = try run.json()
        let entries = Dictionary(grouping: lines) { $0["path"] as? String ?? "" }
        #expect(lines.allSatisfy { $0["event"] as? String == "entry" && $0["user"] as? String == "alice" })
        #expect(Set(entries.keys) == Set(sizes.map { "/new/\($0)" } + ["/new", "/new/foreign", "/cut", "/stray"]))
        for size in sizes {
            let entry = try #require(entries["/new/\(size)"]?.first)
            #expect(entry["size"] as? Int == size && entry["kind"] as? String == "file", "\(entry)")
            #expect(entry["stored"] as? String == "/new/\(size).gpg")
            let modified = ISO8601DateFormatter().date(from: entry["modified"] as? String ?? "")
            #expect(modified?.timeIntervalSince1970 == Double(1_600_000_000 + size))
        }
        let foreign = try #require(entries["/new/foreign"]?.first)
        #expect(foreign["size"] == nil && foreign["stored_size"] as? Int ?? 0 > 0)
        #expect(entries["/cut"]?.first?["kind"] as? String == "partial")
        #expect(entries["/stray"]?.first?["kind"] as? String == "other")

        let text = try vault.run("list").text
        #expect(text.contains(" 1000003  20") && text.contains("  /new/1000003\n"), "\(text)")
        #expect(text.contains("unknown  ") && text.contains("/cut  (incomplete upload)"))
    }

    @Test func whatPathsMean() throws {
        try vault.store(["docs/a": Data("a".utf8), "b": Data("b".utf8)])
        let ways = [
            "docs", "/docs", "docs/a", "/docs/a.gpg", "alice/docs/a", "data/alice/docs/a.gpg",
            vault.stored("docs/a.gpg").path,
        ]
        for way in ways {
            let run = try vault.run("list", [way])
            #expect(run.status == 0 && run.text.contains("/docs/a\n") && !run.text.contains("/b\n"), "\(way)")
        }
        let none = try vault.run("list", ["docs/none"])
        #expect(none.status == 28 && none.errors.contains("docs/none"), "\(none.errors)")
        #expect(try vault.run("list", ["../../Configs/server.conf"]).status == 28)
        #expect(try vault.run("list", [vault.configuration.path]).status == 28)
        #expect(try vault.run("list", ["--user", "nobody"]).status == 1)
    }

    @Test func severalUsers() throws {
        let both = try ToolVault([("alice", "rw"), ("bob", "wo")])
        try both.store(["a": Data("a".utf8)])
        try both.plain("b", Data("b".utf8))
        #expect(try both.run("encrypt", ["b"]).status == 2)
        #expect(try both.run("encrypt", ["b", "--to", "bob"]).status == 0)
        let all = try both.run("list")
        #expect(all.text.contains("alice:\n") && all.text.contains("/a\n") && all.text.contains("bob:\n"))
        #expect(try both.run("list", ["bob/b"]).text.contains("/b\n"))
        #expect(try both.run("list", ["--user", "bob"]).text.split(separator: "\n").count == 1)
        #expect(try both.run("list", ["a", "--user", "bob"]).status == 28)
    }

    @Test func whatKeepsItFromListing() throws {
        #expect(try Command.run(RunningServer.program, ["list", "-c", vault.scratch.path("none.conf")]).status == 10)
        try FileManager.default.removeItem(at: vault.scratch.url.appending(path: "data"))
        #expect(try vault.run("list").status == 15)
    }
}

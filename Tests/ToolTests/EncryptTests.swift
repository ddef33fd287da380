import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct EncryptTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    @Test func aTreeWithThePublicKeyOnly() throws {
        try FileManager.default.removeItem(at: vault.keys.appending(path: "private-keys-v1.d"))
        let large = Data.random(900_000)
        try vault.plain("new/a/large", large, mode: 0o600, modified: 1_500_000_001)
        try vault.plain("new/a/name.gpg", Data("not encrypted".utf8), modified: 1_500_000_002)
        try vault.plain("new/empty", Data())
        symlink("empty", vault.scratch.path("new/link"))
        let run = try vault.run("encrypt", ["new", "--into", "/box/2"])
        #expect(run.status == 27 && run.text.contains("left-alone: /new/link: "), "\(run.text)\(run.errors)")
        #expect(run.text.hasSuffix("3 stored, 1 left-alone\n"))
        #expect(
            vault.names(in: "data/alice") == [
                "box", "box/2", "box/2/new", "box/2/new/a", "box/2/new/a/large.gpg", "box/2/new/a/name.gpg.gpg",
                "box/2/new/empty.gpg",
            ])
        #expect(try vault.recover("box/2/new/a/large.gpg") == large)
        #expect(try vault.recover("box/2/new/a/name.gpg.gpg") == Data("not encrypted".utf8))
        let stored = try FileFacts(vault.stored("box/2/new/a/large.gpg"))
        #expect(stored.modified == 1_500_000_001 && stored.mode == 0o600)
        #expect(vault.isSwept)

        unlink(vault.scratch.path("new/link"))
        let again = try vault.run("encrypt", ["new", "--into", "box/2", "--json"])
        #expect(again.status == 0, "\(again.errors)")
        let summary = try #require(try again.json().last)
        #expect(summary["unchanged"] as? Int == 3 && summary["done"] as? Int == 0, "\(summary)")
    }

    @Test func namesSuitOtherFileSystemsWhereThatIsAskedFor() throws {
        let text = try String(contentsOf: vault.configuration, encoding: .utf8)
        try Data("portable_names = true\n\(text)".utf8).write(to: vault.configuration)
        for name in ["a:b", "README", "readme", "a%3Ab/x"] { try vault.plain("new/\(name)", Data(name.utf8)) }
        #expect(try vault.run("encrypt", ["new"]).status == 0)
        let stored = vault.names(in: "data/alice/new")
        #expect(stored.isSuperset(of: ["a%3Ab.gpg", "a%253Ab", "a%253Ab/x.gpg"]), "\(stored)")
        #expect(Set(stored.map { $0.lowercased() }).count == 5, "\(stored)")
        for name in ["a:b", "README", "readme", "a%3Ab/x"] {
            #expect(try vault.unlocked("cat", ["/new/\(name)"]).output == Data(name.utf8), "\(name)")
        }
        // What changes server.conf leaves the setting alone.
        #expect(
            try Command.run(
                RunningServer.program, ["user", "set", "alice", "--access", "wo", "-c", vault.configuration.path]
            ).status == 0)
        #expect(try String(contentsOf: vault.configuration, encoding: .utf8).hasPrefix("portable_names = true\n"))
    }

    @Test func whatDiffersIsKeptUnlessAskedFor() throws {
        try vault.store(["file": Data("the first".utf8)])
        try vault.plain("file", Data("the second".utf8))
        #expect(try vault.run("encrypt", ["file"]).status == 27)
        #expect(try vault.recover("file.gpg") == Data("the first".utf8))
        #expect(try vault.run("encrypt", ["file", "--force"]).status == 0)
        #expect(try vault.recover("file.gpg") == Data("the second".utf8))
        // The same size, another time: it is not taken for the same.
        try vault.plain("file", Data("the sceond".utf8), modified: 1_600_000_000)
        #expect(try vault.run("encrypt", ["file"]).status == 27)
        try vault.plain("sub/file/inside", Data("x".utf8))
        #expect(try vault.run("encrypt", ["sub/file"]).status == 1, "a directory where a file is stored")
        #expect(try vault.recover("file.gpg") == Data("the second".utf8))
    }

    @Test func sourcesGoOnceTheyHaveBeenCompared() throws {
        let contents = Data.random(400_000)
        let source = try vault.plain("new/sub/file", contents)
        try vault.plain("new/twice", Data("twice".utf8))
        link(vault.scratch.path("new/twice"), vault.scratch.path("other name"))
        // Who holds the file open sees what becomes of its bytes.
        let open = try FileHandle(forReadingFrom: source)
        let wrong = try vault.scratch.file("wrong", Data("not the passphrase\n".utf8))
        #expect(try vault.run("encrypt", ["new", "--remove-source", "--passphrase-file", wrong.path]).status == 12)
        #expect(try Data(contentsOf: source) == contents)

        let run = try vault.unlocked("encrypt", ["new", "--remove-source"])
        #expect(run.status == 0 && run.errors.contains("flash"), "\(run.text)\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: vault.scratch.path("new")))
        #expect(try vault.recover("new/sub/file.gpg") == contents)
        let left = try #require(try open.readToEnd())
        #expect(left.count == contents.count && left != contents)
        #expect(zip(left, contents).filter { $0 == $1 }.count < contents.count / 50)
        #expect(try Data(contentsOf: vault.scratch.url.appending(path: "other name")) == Data("twice".utf8))
    }

    @Test func aSourceThatIsNotWhatIsStoredStays() throws {
        try vault.store(["file": Data("stored".utf8), "damaged": .random(100_000)])
        // The same size and time: only reading tells.
        let file = try vault.plain("file", Data("source".utf8))
        let damaged = try vault.plain("damaged", .random(100_000))
        try vault.damage("damaged", at: -3)
        let run = try vault.unlocked("encrypt", ["file", "damaged", "--remove-source"])
        #expect(run.status == 27, "\(run.text)\(run.errors)")
        #expect(try Data(contentsOf: file) == Data("source".utf8))
        #expect(try Data(contentsOf: damaged) == .random(100_000))
        #expect(try vault.unlocked("encrypt", ["file", "damaged", "--remove-source", "--force"]).status == 0)
        #expect(try vault.recover("file.gpg") == Data("source".utf8))
        #expect(try vault.recover("damaged.gpg") == .random(100_000))
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test func theDataDirectoryIsNoSource() throws {
        try vault.store(["docs/file": Data("x".utf8)])
        let before = vault.names(in: "data")
        #expect(try vault.run("encrypt", ["data/alice/docs"]).status == 2)
        #expect(try vault.run("encrypt", ["data"]).status == 2)
        #expect(try vault.run("encrypt", ["Configs/../data"]).status == 2)
        #expect(try vault.run("encrypt", ["none"]).status == 28)
        let reserved = try vault.run("encrypt", ["passphrase", "--into", "x/.cryptsftp-drafts"])
        #expect(reserved.status == 1 && reserved.errors.contains("the server's own"), "\(reserved.errors)")
        #expect(vault.names(in: "data/alice/x").isEmpty)
        let unchanged = vault.names(in: "data").subtracting([".cryptsftp-drafts", "alice/x"])
        #expect(unchanged == before.subtracting([".cryptsftp-drafts"]))
        // A directory around it is taken without it.
        let around = try vault.run("encrypt", [vault.scratch.url.path])
        #expect(around.status == 27 && around.text.contains("it is the data directory itself"), "\(around.text)")
        let taken = vault.names(in: "data/alice/\(vault.scratch.url.lastPathComponent)")
        #expect(taken.contains("Configs/server.conf.gpg") && !taken.contains { $0.hasPrefix("data") })
    }

    @Test func interruptedAndRunAgain() throws {
        try vault.large("new/large", 256)
        let process = try vault.start("encrypt", ["new"])
        try waitUntil("the large file is being written", seconds: 60) {
            vault.names(in: "data/.cryptsftp-drafts").contains { name in
                (try? FileFacts(vault.scratch.url.appending(path: "data/.cryptsftp-drafts/\(name)")).size) ?? 0 > 1
                    << 20
            }
        }
        process.signal(SIGINT)
        #expect(process.wait(seconds: 60) == 130)
        #expect(vault.names(in: "data/alice") == ["new"], "no file, and no partial")
        #expect(vault.isSwept)
        let again = try vault.unlocked("encrypt", ["new", "--remove-source"])
        #expect(again.status == 0, "\(again.text)\(again.errors)")
        #expect(try vault.unlocked("verify").status == 0)
        #expect(try vault.run("list").text.contains(" \(256 << 20)  "))
    }
}

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct DecryptTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    private func out(_ path: String) -> URL { vault.scratch.url.appending(path: "out/\(path)") }

    @Test func aTreeWithItsTimesAndPermissions() throws {
        let large = Data.random(900_000)
        try vault.plain("new/tree/a/large", large, mode: 0o640, modified: 1_500_000_001)
        try vault.plain("new/tree/a/empty", Data(), mode: 0o400, modified: 1_500_000_002)
        try vault.plain("new/tree/b/tool", Data("#!".utf8), mode: 0o755, modified: 1_500_000_003)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o550, .modificationDate: Date(timeIntervalSince1970: 1_400_000_000)],
            ofItemAtPath: vault.scratch.path("new/tree/b"))
        try #require(try vault.run("encrypt", ["new/tree"]).status == 0)
        let run = try vault.unlocked("decrypt", ["/", "out"])
        #expect(run.status == 0 && run.text == "3 restored\n", "\(run.text)\(run.errors)")
        #expect(vault.names(in: "out") == ["tree", "tree/a", "tree/a/large", "tree/a/empty", "tree/b", "tree/b/tool"])
        #expect(try Data(contentsOf: out("tree/a/large")) == large)
        #expect(try FileFacts(out("tree/a/large")) == FileFacts(modified: 1_500_000_001, mode: 0o640, size: 900_000))
        #expect(try FileFacts(out("tree/a/empty")) == FileFacts(modified: 1_500_000_002, mode: 0o400, size: 0))
        #expect(try FileFacts(out("tree/b/tool")) == FileFacts(modified: 1_500_000_003, mode: 0o755, size: 2))
        let directory = try FileFacts(out("tree/b"))
        #expect(directory.modified == 1_400_000_000 && directory.mode == 0o550)

        let again = try vault.unlocked("decrypt", ["/", "out", "--json"])
        #expect(again.status == 0, "\(again.errors)")
        let summary = try #require(try again.json().last)
        #expect(summary["event"] as? String == "summary" && summary["unchanged"] as? Int == 3, "\(summary)")
        #expect(summary["done"] as? Int == 0 && summary["damaged"] as? Int == 0)
        let line = try #require(try again.json().first)
        #expect(line["event"] as? String == "file" && line["user"] as? String == "alice")
        #expect(line["path"] as? String == "/tree/a/empty" && line["result"] as? String == "unchanged")
        // One file, and one directory of several.
        #expect(try vault.unlocked("decrypt", ["tree/a/large", "tree/b", "some"]).text == "2 restored\n")
        #expect(vault.names(in: "some") == ["large", "b", "b/tool"])
        for directory in ["new/tree/b", "out/tree/b", "some/b", "data/alice/tree/b"] {
            chmod(vault.scratch.path(directory), 0o700)
        }
    }

    @Test func nothingIsOverwrittenUnlessAskedFor() throws {
        try vault.store(["one": Data("the stored one".utf8), "two": Data("two".utf8)])
        try vault.plain("out/one", Data("mine".utf8))
        let run = try vault.unlocked("decrypt", ["/", "out"])
        #expect(run.status == 27 && run.text.contains("left-alone: /one: "), "\(run.text)")
        #expect(try Data(contentsOf: out("one")) == Data("mine".utf8))
        #expect(try Data(contentsOf: out("two")) == Data("two".utf8))
        #expect(try vault.unlocked("decrypt", ["/", "out", "--force"]).status == 0)
        #expect(try Data(contentsOf: out("one")) == Data("the stored one".utf8))
        #expect(vault.names(in: "out") == ["one", "two"])
        // The same size, another time.
        try vault.plain("out/two", Data("owt".utf8), modified: 1_234_567_890)
        #expect(try vault.unlocked("decrypt", ["/", "out"]).status == 27)
    }

    @Test func aDamagedFileLeavesNothingAndTheOthersGoOn() throws {
        try vault.store(["a": .random(300_000), "b": .random(300_000), "c": .random(10)])
        try vault.damage("b", at: -3)
        try FileManager.default.copyItem(at: vault.stored("a.gpg"), to: vault.stored("cut.gpg.part"))
        let run = try vault.unlocked("decrypt", ["/", "out"])
        #expect(run.status == 26 && run.text.contains("damaged: /b: "), "\(run.text)")
        #expect(run.text.contains("incomplete: /cut: "))
        #expect(vault.names(in: "out") == ["a", "c"])
    }

    @Test func directoriesOutsideOfTheVault() throws {
        let contents = Data.random(100_000)
        try FileManager.default.createDirectory(
            atPath: vault.scratch.path("backup/in"), withIntermediateDirectories: true)
        try vault.gpg(vault.scratch.url.appending(path: "backup/in/file.gpg"), contents)
        try vault.gpg(vault.scratch.url.appending(path: "backup/zip.gpg"), Data(repeating: 0, count: 1_000_000))
        #expect(try vault.unlocked("decrypt", ["backup", "backup/zip.gpg", "out"]).text == "3 restored\n")
        #expect(vault.names(in: "out") == ["backup", "backup/in", "backup/in/file", "backup/zip", "zip"])
        #expect(try Data(contentsOf: out("backup/in/file")) == contents)
        #expect(try FileFacts(out("zip")).size == 1_000_000)
        #expect(try vault.unlocked("decrypt", ["nowhere", "out"]).status == 28)
    }

    @Test func whatItRefuses() throws {
        try vault.store(["docs/file": Data("x".utf8)])
        let inside = try vault.unlocked("decrypt", ["/", "data/alice/plain"])
        #expect(inside.status == 2 && !FileManager.default.fileExists(atPath: vault.stored("plain").path))
        #expect(try vault.unlocked("decrypt", ["/"]).status == 2)
        let wrong = try vault.scratch.file("wrong", Data("not the passphrase\n".utf8))
        #expect(try vault.run("decrypt", ["/", "out", "--passphrase-file", wrong.path]).status == 12)
        #expect(vault.names(in: "out").isEmpty)
        // Nothing leads out of the directory.
        try FileManager.default.createDirectory(
            atPath: vault.scratch.path("elsewhere"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: out("docs").path, withDestinationPath: vault.scratch.path("elsewhere"))
        #expect(try vault.unlocked("decrypt", ["/", "out", "--force"]).status == 1)
        #expect(vault.names(in: "elsewhere").isEmpty)
    }

    @Test func interruptedAndRunAgain() throws {
        try vault.store(["first": Data("1".utf8)])
        try vault.large("new/large", 256)
        try #require(try vault.run("encrypt", ["new/large"]).status == 0)
        let process = try vault.start("decrypt", ["/", "out", "--passphrase-file", vault.passphraseFile.path])
        try waitUntil("the large file is being written", seconds: 60) {
            vault.names(in: "out/.cryptsftp-drafts").contains { name in
                (try? FileFacts(out(".cryptsftp-drafts/\(name)")).size) ?? 0 > 1 << 20
            }
        }
        // Nobody else can read it meanwhile.
        #expect(try FileFacts(out(".cryptsftp-drafts")).mode == 0o700)
        process.signal(SIGINT)
        #expect(process.wait(seconds: 60) == 130)
        #expect(vault.names(in: "out") == ["first"])
        // What one that was killed leaves is swept.
        let killed = try vault.start("decrypt", ["/", "out", "--passphrase-file", vault.passphraseFile.path])
        try waitUntil("a draft is there", seconds: 60) { !vault.names(in: "out/.cryptsftp-drafts").isEmpty }
        killed.signal(SIGKILL)
        _ = killed.wait()
        let again = try vault.unlocked("decrypt", ["/", "out"])
        #expect(again.status == 0 && again.text == "1 restored, 1 unchanged\n", "\(again.text)\(again.errors)")
        #expect(vault.names(in: "out") == ["first", "large"])
        let same = try Command.run("cmp", [vault.scratch.path("new/large"), out("large").path])
        #expect(same.status == 0, "\(same.text)\(same.errors)")
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// Write-only sessions, which must not change what others have uploaded to the same home directory.
@Suite(.serialized) struct WriteOnlySessionTests {
    private let home: HomeFixture
    private let victim: Exchange
    private let attacker: Exchange

    init() throws {
        home = try HomeFixture(isOwner: false)
        victim = try home.connect()
        attacker = try home.connect()
        try victim.put("/theirs", [1, 2, 3])
        try attacker.put("/mine", [6, 6, 6])
    }

    @Test(arguments: [
        ("/mine", "/theirs"), ("/mine.gpg", "/theirs.gpg"), ("/mine.gpg", "/theirs"), ("/mine", "/theirs.gpg"),
    ])
    func noRenameReplacesTheirs(_ old: String, _ new: String) throws {
        _ = try attacker.ask(RequestWriter.onPaths(.rename, old, new))
        _ = try attacker.ask(RequestWriter.posixRename(old, new))
        #expect(try home.recover("theirs.gpg") == [1, 2, 3])
        // An open file that is renamed to that name is not stored under it.
        let handle = try #require(try attacker.open("/open", [.write, .create]))
        #expect(try attacker.write(handle, at: 0, [7]) == .ok)
        _ = try attacker.ask(RequestWriter.posixRename("/open", new))
        _ = try attacker.close(handle)
        #expect(try home.recover("theirs.gpg") == [1, 2, 3])
    }

    @Test func onesOwnCanBeRenamedOverOnesOwn() throws {
        try attacker.put("/other", [5])
        #expect(try attacker.ask(RequestWriter.posixRename("/other.gpg", "/mine.gpg")) == .ok)
        #expect(try home.recover("mine.gpg") == [5])
        #expect(home.stored == ["mine.gpg", "theirs.gpg"])
    }

    @Test func directoriesOfOthersStay() throws {
        #expect(try victim.ask(RequestWriter.onPath(.mkdir, "/empty", FileAttributes())) == .ok)
        #expect(try attacker.ask(RequestWriter.onPath(.mkdir, "/directory", FileAttributes())) == .ok)
        #expect(try attacker.ask(RequestWriter.posixRename("/directory", "/empty"))?.code == 3)
        // With a file of another session in it, the directory is not the attacker's own any more.
        try attacker.put("/directory/mine", [6])
        #expect(try attacker.ask(RequestWriter.onPaths(.rename, "/directory", "/moved")) == .ok)
        try victim.put("/moved/theirs", [1])
        #expect(try attacker.ask(RequestWriter.onPaths(.rename, "/moved", "/gone"))?.code == 3)
        let closed = FileAttributes(permissions: 0)
        #expect(try attacker.ask(RequestWriter.onPath(.setstat, "/moved", closed))?.code == 3)
        for name in ["/new.gpg", "/new.gpg.part"] {
            #expect(try attacker.ask(RequestWriter.onPath(.mkdir, name, FileAttributes()))?.code == 3)
        }
        try victim.put("/new", [1])
    }

    @Test func partialsOfOtherNamesStay() throws {
        let cut = try home.connect()
        let handle = try #require(try cut.open("/file.gpg", [.write, .create, .truncate]))
        #expect(try cut.write(handle, at: 0, [1, 2, 3]) == .ok)
        cut.end()
        #expect(home.stored.contains("file.gpg.gpg.part"))
        try attacker.put("/file", [6])
        #expect(try attacker.ask(RequestWriter.onPaths(.remove, "/file.gpg")) == .ok)
        #expect(home.stored.contains("file.gpg.gpg.part"))
    }

    /// Holes cost nothing to send, and could fill the disk.
    @Test func holesAreBounded() throws {
        let handle = try #require(try attacker.open("/hole", [.write, .create]))
        #expect(try attacker.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1 << 20))) == .ok)
        #expect(try attacker.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1 << 30)))?.code == 4)
        #expect(try attacker.write(handle, at: 1 << 30, [1])?.code == 4)
    }
}

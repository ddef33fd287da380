import Foundation
import SFTP
import TestSupport
import Testing
import Vault

/// Sessions by public key, which add to a home and must not change what others have stored in it.
@Suite(.serialized) struct WriteOnlySessionTests {
    private let home: HomeFixture
    private let victim: Exchange
    private let attacker: Exchange

    init() throws {
        home = try HomeFixture(isOwner: false)
        victim = try home.connect(as: .addOnly(.keep), login: "victim")
        attacker = try home.connect(as: .addOnly(.keep), login: "attacker")
        try victim.put("/theirs", [1, 2, 3])
        try attacker.put("/mine", [6, 6, 6])
    }

    /// The stored name that an older `theirs` has got.
    private var aside: [String] {
        home.stored.filter { $0.wholeMatch(of: /theirs \(\d{4}-\d\d-\d\d \d\d\.\d\d\)( \(\d+\))?\.gpg/) != nil }
    }

    @Test(arguments: [
        ("/mine", "/theirs"), ("/mine.gpg", "/theirs.gpg"), ("/mine.gpg", "/theirs"), ("/mine", "/theirs.gpg"),
    ])
    func noRenameLosesTheirs(_ old: String, _ new: String) throws {
        let before = try Data(contentsOf: home.scratch.url.appending(path: "home/theirs.gpg"))
        #expect(try attacker.ask(RequestWriter.onPaths(.rename, old, "/theirs"))?.code == 4)
        #expect(try home.recover("theirs.gpg") == [1, 2, 3])
        _ = try attacker.ask(RequestWriter.posixRename(old, new))
        let kept = home.stored.filter {
            (try? Data(contentsOf: home.scratch.url.appending(path: "home/\($0)"))) == before
        }
        #expect(kept.count == 1, "\(home.stored)")
        // The older file is nobody's to change but its writer's.
        if let name = aside.first {
            #expect(try attacker.ask(RequestWriter.onPaths(.remove, "/\(name)"))?.code == 3)
        }
    }

    @Test func anUploadTakesTheNameAndTheOlderFileStays() throws {
        let path = home.scratch.path("home/theirs.gpg")
        let before = try Data(contentsOf: URL(filePath: path))
        let times = FileAttributes(times: .init(access: 1_000_000_000, modification: 1_000_000_000))
        #expect(try victim.ask(RequestWriter.onPath(.setstat, "/theirs", times)) == .ok)
        try attacker.put("/theirs", [7])
        #expect(try home.recover("theirs.gpg") == [7])
        #expect(aside.count == 1 && aside[0].contains("(2001-09-09 "), "\(home.stored)")
        #expect(try Data(contentsOf: home.scratch.url.appending(path: "home/\(aside[0])")) == before)
        // It may be sent once more: that replaces the attacker's own file, not the victim's.
        try attacker.put("/theirs", [8])
        #expect(aside.count == 1)
        // Another one of the same minute gets a number.
        try victim.put("/theirs", [9])
        try victim.ask(RequestWriter.onPath(.setstat, "/theirs", times)).map { #expect($0 == .ok) }
        try attacker.put("/theirs", [10])
        #expect(home.stored.contains { $0.hasSuffix(") (2).gpg") }, "\(home.stored)")
        #expect(try home.recover("theirs.gpg") == [10])
        #expect(home.drafts.isEmpty)
    }

    @Test func withRefuseAnUploadFailsAtOnce() throws {
        let refusing = try home.connect(as: .addOnly(.refuse), login: "other")
        #expect(try refusing.ask(RequestWriter.open("/theirs", [.write, .create, .truncate]))?.code == 4)
        // A file that is stored between OPEN and CLOSE stays as well.
        let handle = try #require(try refusing.open("/late", [.write, .create, .truncate]))
        #expect(try refusing.write(handle, at: 0, [1]) == .ok)
        try victim.put("/late", [2])
        #expect(try refusing.close(handle)?.code == 4)
        #expect(try refusing.ask(RequestWriter.posixRename("/theirs", "/late"))?.code == 3)
        #expect(try home.recover("late.gpg") == [2])
        #expect(home.stored == ["late.gpg", "mine.gpg", "theirs.gpg"])
        #expect(home.drafts.isEmpty)
    }

    /// Other connections of the same login may go on, and those of another one not.
    @Test func onesOwnIsOnesOwnOnEveryConnection() throws {
        let second = try home.connect(as: .addOnly(.keep), login: "attacker")
        try second.put("/mine", [5])
        #expect(home.stored == ["mine.gpg", "theirs.gpg"])
        #expect(try second.ask(RequestWriter.onPaths(.rename, "/mine", "/moved")) == .ok)
        let attributes = FileAttributes(permissions: 0o640, times: .init(access: 5, modification: 5))
        #expect(try attacker.ask(RequestWriter.onPath(.setstat, "/moved", attributes)) == .ok)
        #expect(try victim.ask(RequestWriter.onPath(.setstat, "/moved", attributes))?.code == 3)
        #expect(try victim.ask(RequestWriter.onPath(.setstat, "/moved", FileAttributes(size: 0)))?.code == 3)
        #expect(try victim.ask(RequestWriter.onPaths(.remove, "/moved"))?.code == 3)
        #expect(try victim.ask(RequestWriter.onPaths(.rename, "/moved", "/gone"))?.code == 3)
        #expect(try attacker.ask(RequestWriter.onPaths(.remove, "/moved.gpg")) == .ok)
        #expect(home.stored == ["theirs.gpg"])
        home.books.entries = [:]
        #expect(try victim.ask(RequestWriter.onPaths(.remove, "/theirs"))?.code == 3)
    }

    @Test func onesOwnCanBeRenamedOverOnesOwn() throws {
        try attacker.put("/other", [5])
        #expect(try attacker.ask(RequestWriter.posixRename("/other.gpg", "/mine.gpg")) == .ok)
        #expect(try home.recover("mine.gpg") == [5])
        #expect(home.stored == ["mine.gpg", "theirs.gpg"])
    }

    @Test func directoriesStayWhereTheyAre() throws {
        #expect(try victim.ask(RequestWriter.onPath(.mkdir, "/empty", FileAttributes())) == .ok)
        #expect(try attacker.ask(RequestWriter.onPath(.mkdir, "/directory", FileAttributes(permissions: 0))) == .ok)
        #expect(try attacker.ask(RequestWriter.posixRename("/directory", "/empty"))?.code == 3)
        #expect(try attacker.ask(RequestWriter.onPaths(.rename, "/directory", "/moved"))?.code == 3)
        #expect(try attacker.ask(RequestWriter.onPaths(.rmdir, "/empty"))?.code == 3)
        #expect(try attacker.ask(RequestWriter.onPath(.setstat, "/empty", FileAttributes(permissions: 0)))?.code == 3)
        try victim.put("/directory/theirs", [1])
        #expect(try attacker.ask(RequestWriter.onPaths(.rmdir, "/directory"))?.code == 4)
        #expect(try victim.ask(RequestWriter.onPaths(.remove, "/directory/theirs")) == .ok)
        #expect(try attacker.ask(RequestWriter.onPaths(.rmdir, "/directory")) == .ok)
        for name in ["/new.gpg", "/new.gpg.part"] {
            #expect(try attacker.ask(RequestWriter.onPath(.mkdir, name, FileAttributes()))?.code == 3)
        }
        try victim.put("/new", [1])
    }

    /// A mode that keeps the owner out would end `rotate`, `verify` and `decrypt` for a server that root does not run.
    @Test func theOwnerCanReadWhateverModeIsAsked() throws {
        let handle = try #require(try attacker.open("/closed", [.write, .create, .truncate]))
        #expect(try attacker.ask(RequestWriter.fsetstat(handle, FileAttributes(permissions: 0))) == .ok)
        #expect(try attacker.close(handle) == .ok)
        #expect(try attacker.ask(RequestWriter.onPath(.setstat, "/mine", FileAttributes(permissions: 0o004))) == .ok)
        #expect(try attacker.ask(RequestWriter.onPath(.mkdir, "/dir", FileAttributes(permissions: 0))) == .ok)
        #expect(try attacker.ask(RequestWriter.onPath(.setstat, "/dir", FileAttributes(permissions: 0))) == .ok)
        for (name, mode) in [("closed.gpg", 0o600), ("mine.gpg", 0o604), ("dir", 0o700)] {
            let path = home.scratch.path("home/\(name)")
            #expect(
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode, "\(name)")
        }
    }

    @Test func partialsOfOthersStay() throws {
        let cut = try home.connect(as: .addOnly(.keep), login: "victim")
        let handle = try #require(try cut.open("/file", [.write, .create, .truncate]))
        #expect(try cut.write(handle, at: 0, [1, 2, 3]) == .ok)
        cut.end()
        try attacker.put("/file", [6])
        #expect(try attacker.ask(RequestWriter.onPaths(.remove, "/file")) == .ok)
        #expect(home.stored.contains("file.gpg.part"))
        try victim.put("/file", [7])
        #expect(!home.stored.contains("file.gpg.part"))
    }

    /// Holes cost nothing to send, and could fill the disk.
    @Test func holesAreBounded() throws {
        let handle = try #require(try attacker.open("/hole", [.write, .create]))
        #expect(try attacker.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1 << 20))) == .ok)
        #expect(try attacker.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1 << 30)))?.code == 4)
        #expect(try attacker.write(handle, at: 1 << 30, [1])?.code == 4)
    }

    @Test func noDirectoryIsTooDeep() throws {
        let session = try home.connect(as: .addOnly(.keep), login: "attacker", mostLevels: 3)
        for path in ["/a", "/a/b", "/a/b/c"] {
            #expect(try session.ask(RequestWriter.onPath(.mkdir, path, FileAttributes())) == .ok)
        }
        #expect(try session.ask(RequestWriter.onPath(.mkdir, "/a/b/c/d", FileAttributes()))?.code == 4)
        #expect(try session.open("/a/b/c/file", [.write, .create]) == nil)
        try session.put("/a/b/file", [1])
        #expect(try session.ask(RequestWriter.posixRename("/a/b/file", "/a/b/c/file"))?.code == 4)
        let visit = try home.connect(as: .visit, mostLevels: 3)
        #expect(try visit.ask(RequestWriter.onPath(.mkdir, "/top", FileAttributes())) == .ok)
        #expect(try visit.ask(RequestWriter.onPaths(.rename, "/a", "/top/a"))?.code == 4)
        #expect(try visit.ask(RequestWriter.onPaths(.rename, "/a/b/c", "/top/c")) == .ok)
    }

    /// All of a budget can be used, to the last byte, and no more; what is given up or removed is given back.
    @Test func roomIsTakenAndGivenBack() throws {
        let all = Usage(bytes: 10_000, objects: 3)
        home.books.left = all
        let client = try home.connect(as: .visit)
        try client.put("/a", [UInt8](repeating: 1, count: 4000))
        let stored = try #require(
            try FileManager.default.attributesOfItem(atPath: home.scratch.path("home/a.gpg"))[.size] as? UInt64)
        #expect(home.books.left == Usage(bytes: all.bytes - stored, objects: 2))
        // One that is too large fails, at its size or at its end, and leaves nothing.
        let large = try #require(try client.open("/b", [.write, .create, .truncate]))
        #expect(try client.ask(RequestWriter.fsetstat(large, FileAttributes(size: 6000)))?.code == 4)
        #expect(try client.write(large, at: 0, [UInt8](repeating: 2, count: 6000))?.code == 4)
        #expect(try client.close(large)?.code == 4)
        #expect(home.books.left == Usage(bytes: all.bytes - stored, objects: 2))
        let announced = RequestWriter.open("/c", [.write, .create], FileAttributes(size: 6000))
        #expect(try client.ask(announced)?.code == 4)
        // A file that fits exactly is stored.
        home.books.left = Usage(bytes: stored, objects: 1)
        try client.put("/d", [UInt8](repeating: 3, count: 4000))
        #expect(home.books.left == Usage())
        #expect(try client.ask(RequestWriter.onPath(.mkdir, "/dir", FileAttributes()))?.code == 4)
        #expect(try client.open("/e", [.write, .create]) == nil)
        #expect(try client.ask(RequestWriter.onPaths(.remove, "/a")) == .ok)
        #expect(home.books.left == Usage(bytes: stored, objects: 1))
        #expect(try client.ask(RequestWriter.onPath(.mkdir, "/dir", FileAttributes())) == .ok)
        #expect(try client.ask(RequestWriter.onPaths(.rmdir, "/dir")) == .ok)
        #expect(home.books.left == Usage(bytes: stored, objects: 1))
        #expect(home.books.taken == Usage())
        #expect(home.stored == ["d.gpg", "mine.gpg", "theirs.gpg"])
    }
}

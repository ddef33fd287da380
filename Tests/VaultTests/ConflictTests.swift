import Foundation
import SFTP
import TestSupport
import Testing

/// Open files that another session, or another handle, renames, removes or changes.
@Suite(.serialized) struct ConflictTests {
    private let home: HomeFixture
    private let client: Exchange

    init() throws {
        home = try HomeFixture()
        client = try home.connect()
    }

    @Test func aFileRenamedOverAnOpenOneStays() throws {
        try client.put("/done", [1, 2, 3])
        for flags in [[.write, .create, .truncate], [.read, .write, .create]] as [OpenFlags] {
            let handle = try #require(try client.open("/file", flags))
            #expect(try client.write(handle, at: 0, [9]) == .ok)
            try client.put("/new", [1, 2, 3])
            #expect(try client.ask(RequestWriter.posixRename("/new", "/file")) == .ok)
            #expect(try client.size("/file") == 3)
            #expect(try client.close(handle) == .ok)
            #expect(try home.recover("file.gpg") == [1, 2, 3])
        }
        // The same with both files open.
        let target = try #require(try client.open("/file", [.write, .truncate]))
        let source = try #require(try client.open("/source", [.write, .create]))
        #expect(try client.write(target, at: 0, [7]) == .ok)
        #expect(try client.write(source, at: 0, [8]) == .ok)
        #expect(try client.ask(RequestWriter.posixRename("/source", "/file")) == .ok)
        #expect(try client.close(source) == .ok)
        #expect(try client.close(target) == .ok)
        #expect(try home.recover("file.gpg") == [8])
        #expect(home.drafts.isEmpty)
    }

    /// When two sessions begin one file, the second CLOSE fails, unless its session has set the size or used TRUNC.
    @Test func twoSessionsThatBeginAFileDoNotUndoEachOther() throws {
        let other = try home.connect()
        for flags in [[.write, .create, .append], [.write, .create], [.read, .write, .create]] as [OpenFlags] {
            let mine = try #require(try client.open("/file", flags))
            let theirs = try #require(try other.open("/file", flags))
            #expect(try client.write(mine, at: 0, [1]) == .ok)
            #expect(try other.write(theirs, at: 5, [2]) == .ok)
            #expect(try client.close(mine) == .ok)
            #expect(try other.close(theirs)?.code == 4)
            #expect(try home.recover("file.gpg") == [1])
            #expect(try client.ask(RequestWriter.onPaths(.remove, "/file")) == .ok)
        }
        // scp sets the size, which means the whole file.
        let handle = try #require(try client.open("/file", [.write, .create]))
        try other.put("/file", [1, 2, 3])
        #expect(try client.write(handle, at: 0, [4]) == .ok)
        #expect(try client.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1))) == .ok)
        #expect(try client.close(handle) == .ok)
        #expect(try home.recover("file.gpg") == [4])
    }

    @Test func aDirectoryWithAnOpenFileIsNotEmpty() throws {
        #expect(try client.ask(RequestWriter.onPath(.mkdir, "/directory", FileAttributes())) == .ok)
        #expect(try client.ask(RequestWriter.onPath(.mkdir, "/other", FileAttributes())) == .ok)
        let handle = try #require(try client.open("/directory/file", [.write, .create]))
        #expect(try client.write(handle, at: 0, [1]) == .ok)
        #expect(try client.ask(RequestWriter.onPaths(.rmdir, "/directory"))?.code == 4)
        #expect(try client.ask(RequestWriter.posixRename("/other", "/directory"))?.code == 4)
        #expect(try client.close(handle) == .ok)
        #expect(try client.read("/directory/file") == [1])
    }

    /// After the last writer has closed, OPEN finds the stored file, even if a reader still has the upload open.
    @Test func aReaderThatStaysHidesNothing() throws {
        try client.put("/file", [1])
        let writer = try #require(try client.open("/file", [.write]))
        let reader = try #require(try client.open("/file", .read))
        #expect(try client.write(writer, at: 0, [2, 2]) == .ok)
        #expect(try client.close(writer) == .ok)
        try home.connect().put("/file", [3, 3, 3])
        #expect(try client.size("/file") == 3)
        #expect(try client.read("/file") == [3, 3, 3])
        let next = try #require(try client.open("/file", [.write]))
        #expect(try client.write(next, at: 1, [4]) == .ok)
        #expect(try client.close(next) == .ok)
        #expect(try client.read(reader) == [2, 2])
        #expect(try client.close(reader) == .ok)
        #expect(try home.recover("file.gpg") == [3, 4, 3])
        #expect(home.drafts.isEmpty)
    }

    @Test func readingWithCreateMakesTheFile() throws {
        let handle = try #require(try client.open("/lock", [.read, .create]))
        #expect(try client.read(handle) == [])
        #expect(try client.close(handle) == .ok)
        #expect(home.stored == ["lock.gpg"])
        try client.put("/lock", [1])
        let again = try #require(try client.open("/lock", [.read, .create]))
        #expect(try client.read(again) == [1])
    }

    @Test func editingKeepsThePermissions() throws {
        try client.put("/file", [1])
        let path = home.scratch.path("home/file.gpg")
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        for flags in [[.write], [.write, .truncate], [.read, .write]] as [OpenFlags] {
            let handle = try #require(try client.open("/file", flags))
            #expect(try client.write(handle, at: 0, [2]) == .ok)
            #expect(try client.close(handle) == .ok)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o666)
        }
    }

    @Test func timesHoldUntilTheNextWrite() throws {
        let handle = try #require(try client.open("/file", [.write, .create]))
        func set(_ seconds: UInt32) throws {
            let times = FileAttributes(times: .init(access: seconds, modification: seconds))
            #expect(try client.ask(RequestWriter.fsetstat(handle, times)) == .ok)
        }
        func time() throws -> UInt32? {
            guard case .attributes(let attributes)? = try client.ask(RequestWriter.onPaths(.stat, "/file")) else {
                return nil
            }
            return attributes.times?.modification
        }
        try set(1000)
        #expect(try time() == 1000)
        #expect(try client.write(handle, at: 0, [1]) == .ok)
        let written = try #require(try time())
        #expect(written > 1_000_000_000)
        usleep(1_100_000)
        #expect(try client.close(handle) == .ok)
        #expect(try time() == written, "CLOSE does not change it any more")
    }

    @Test func aSizeThatIsRefusedChangesNothing() throws {
        let handle = try #require(try client.open("/file", [.write, .create]))
        #expect(try client.write(handle, at: 0, [1]) == .ok)
        for size in [1 << 55, 1 << 62, .max] as [UInt64] {
            #expect(try client.ask(RequestWriter.fsetstat(handle, FileAttributes(size: size)))?.code == 4)
        }
        #expect(try client.close(handle) == .ok)
        #expect(try home.recover("file.gpg") == [1])
    }
}

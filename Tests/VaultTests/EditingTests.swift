import Foundation
import SFTP
import TestSupport
import Testing

/// Files that are changed in place, read while they are written, and opened several times.
@Suite(.serialized) struct EditingTests {
    private let home: HomeFixture
    private let client: Exchange
    private let old = [UInt8](Data.random(300_000))

    init() throws {
        home = try HomeFixture()
        client = try home.connect()
        try client.put("/file", old)
    }

    @Test func aChangeInTheMiddleKeepsTheRest() throws {
        let handle = try #require(try client.open("/file", [.write]))
        #expect(try client.write(handle, at: 150_000, [1, 2, 3]) == .ok)
        #expect(try client.close(handle) == .ok)
        let expected = Array(old[..<150_000]) + [1, 2, 3] + Array(old[150_003...])
        #expect(try home.recover("file.gpg") == expected)
    }

    /// As scp does since OpenSSH 9.1: WRITE from 0 without TRUNC, and then the size.
    @Test(arguments: [10, 300_000, 400_000])
    func anOverwriteInPlaceEndsWhereItsSizeIsSet(_ count: Int) throws {
        let new = [UInt8](repeating: 7, count: count)
        let handle = try #require(try client.open("/file", [.write, .create]))
        #expect(try client.write(handle, at: 0, new) == .ok)
        #expect(try client.ask(RequestWriter.fsetstat(handle, FileAttributes(size: UInt64(count)))) == .ok)
        #expect(try client.close(handle) == .ok)
        #expect(try home.recover("file.gpg") == new)
    }

    @Test func withoutASizeTheOldTailStays() throws {
        let handle = try #require(try client.open("/file", [.write, .create]))
        #expect(try client.write(handle, at: 0, [1, 2, 3]) == .ok)
        #expect(try client.close(handle) == .ok)
        #expect(try home.recover("file.gpg") == [1, 2, 3] + Array(old[3...]))
    }

    @Test func setstatChangesTheSizeOfAStoredFile() throws {
        for count in [299_999, 0, 70_000] {
            #expect(try client.ask(RequestWriter.onPath(.setstat, "/file", FileAttributes(size: UInt64(count)))) == .ok)
            #expect(try client.size("/file") == UInt64(count))
        }
        #expect(try home.recover("file.gpg") == [UInt8](repeating: 0, count: 70_000))
    }

    @Test func handlesOnOneFileSeeEachOther() throws {
        let one = try #require(try client.open("/file", [.read, .write]))
        let two = try #require(try client.open("/file", [.read, .write]))
        let three = try #require(try client.open("/file", .read))
        #expect(try client.write(one, at: 5, [1, 2, 3]) == .ok)
        #expect(try client.read(two, at: 5, 3) == [1, 2, 3])
        #expect(try client.read(three, at: 5, 3) == [1, 2, 3])
        #expect(try client.close(one) == .ok)
        // What CLOSE has confirmed is stored, whatever happens to the other handles.
        #expect(try home.recover("file.gpg")[5..<8] == [1, 2, 3])
        #expect(try client.read(three, at: 5, 3) == [1, 2, 3])
        #expect(try client.write(two, at: 6, [9]) == .ok)
        #expect(try client.read(three, at: 5, 3) == [1, 9, 3])
        #expect(try client.close(two) == .ok)
        #expect(try client.close(three) == .ok)
        #expect(try home.recover("file.gpg")[5..<8] == [1, 9, 3])
        #expect(home.drafts.isEmpty)
    }

    @Test func anExclusiveFileCanBeStoredMoreThanOnce() throws {
        let one = try #require(try client.open("/new", [.read, .write, .create, .exclusive]))
        let two = try #require(try client.open("/new", [.write]))
        #expect(try client.write(one, at: 0, [1]) == .ok)
        #expect(try client.close(one) == .ok)
        #expect(try client.write(two, at: 1, [2]) == .ok)
        #expect(try client.close(two) == .ok)
        #expect(try home.recover("new.gpg") == [1, 2])
    }

    /// A file that is sent in order is encrypted at once, and can be read before CLOSE even so.
    @Test func anUploadCanBeReadBeforeClose() throws {
        let up = try #require(try client.open("/new", [.write, .create, .truncate]))
        #expect(try client.write(up, at: 0, old) == .ok)
        let down = try #require(try client.open("/new", .read))
        #expect(try client.read(down) == old)
        #expect(try client.write(up, at: UInt64(old.count), [1, 2, 3]) == .ok)
        #expect(try client.read(down, at: 299_998) == Array(old[299_998...]) + [1, 2, 3])
        #expect(try client.close(up) == .ok)
        #expect(try client.close(down) == .ok)
        #expect(try home.recover("new.gpg") == old + [1, 2, 3])
    }

    /// A download stays on the version that was opened.
    @Test func aDownloadKeepsItsVersion() throws {
        let down = try #require(try client.open("/file", .read))
        #expect(try client.read(down, at: 0, 10) == Array(old[..<10]))
        try client.put("/file", [1, 2, 3])
        #expect(try client.read(down, at: 200_000, 100) == Array(old[200_000..<200_100]))
        #expect(try client.read(down) == old)
        #expect(try client.close(down) == .ok)
    }

    @Test func twoSessionsDoNotUndoEachOther() throws {
        let other = try home.connect()
        let mine = try #require(try client.open("/file", [.write]))
        let theirs = try #require(try other.open("/file", [.write]))
        #expect(try client.write(mine, at: 0, [1]) == .ok)
        #expect(try other.write(theirs, at: 1, [2]) == .ok)
        #expect(try client.close(mine) == .ok)
        guard case .status(4, let text)? = try other.close(theirs) else {
            Issue.record("the second was taken")
            return
        }
        #expect(text.contains("another session"))
        #expect(try home.recover("file.gpg") == [1] + Array(old[1...]))
    }

    @Test func scratchSpaceIsBounded() throws {
        let small = try home.connect(spoolSize: 1 << 20)
        let handle = try #require(try small.open("/big", [.read, .write, .create]))
        let piece = [UInt8](repeating: 1, count: 200_000)
        var refused: String?
        for number in 0..<40 as Range<UInt64> {
            if case .status(4, let text)? = try small.write(handle, at: number * 200_000, piece) { refused = text }
        }
        #expect(refused?.contains("spool_megabytes") == true)
        #expect(try small.close(handle)?.code == 4)
        #expect(home.stored == ["file.gpg"])
        #expect(home.drafts.isEmpty)
    }

    @Test func aSizeThatTheDiskCannotHoldIsRefused() throws {
        let handle = try #require(try client.open("/file", [.write]))
        #expect(try client.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1 << 62)))?.code == 4)
        let other = try #require(try client.open("/other", [.write, .create]))
        #expect(try client.write(other, at: 1 << 62, [1])?.code == 4)
        #expect(try client.write(other, at: .max - 1, [1, 2])?.code == 4)
        client.end()
        #expect(home.stored == ["file.gpg"])
    }

    @Test func damagedFilesCanBeReplacedAndNotChanged() throws {
        let path = home.scratch.path("home/file.gpg")
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[200_000] ^= 1
        try bytes.write(to: URL(filePath: path))
        let part = try #require(try client.open("/file", [.write]))
        #expect(try client.write(part, at: 10, [1])?.code == 4)
        #expect(try client.close(part)?.code == 4)
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        for flags in [OpenFlags.read, [.read, .write]] {
            #expect(try client.ask(RequestWriter.open("/file", flags))?.code == 4)
        }
        let whole = try #require(try client.open("/file", [.write]))
        #expect(try client.write(whole, at: 0, old) == .ok)
        #expect(try client.close(whole) == .ok)
        #expect(try home.recover("file.gpg") == old)
    }

    @Test func aWriteOnlySessionCannotChangeWhatWasSent() throws {
        let writeOnly = try HomeFixture(isOwner: false)
        let client = try writeOnly.connect()
        let up = try #require(try client.open("/file", [.write, .create, .truncate]))
        #expect(try client.write(up, at: 0, old) == .ok)
        #expect(try client.write(up, at: 300_500, [9]) == .ok, "a hole")
        #expect(try client.write(up, at: 300_000, [8]) == .ok, "and what fills some of it")
        #expect(try client.size("/file") == 300_501)
        #expect(try client.close(up) == .ok)
        #expect(try writeOnly.recover("file.gpg") == old + [8] + [UInt8](repeating: 0, count: 499) + [9])
        let again = try #require(try client.open("/file", [.write, .create, .truncate]))
        #expect(try client.write(again, at: 0, old) == .ok)
        #expect(try client.write(again, at: 0, [1])?.code == 8)
        #expect(try client.close(again)?.code == 8)
        #expect(try writeOnly.recover("file.gpg").count == 300_501)
        #expect(try client.ask(RequestWriter.open("/file", [.write, .append]))?.code == 8)
        #expect(try client.ask(RequestWriter.open("/file", [.read, .write]))?.code == 8)
        // A file that is open for reading and writing is encrypted at CLOSE, and can be changed until then.
        let both = try #require(try client.open("/other", [.read, .write, .create]))
        #expect(try client.write(both, at: 0, old) == .ok)
        #expect(try client.write(both, at: 1, [1]) == .ok)
        #expect(try client.read(both, at: 0, 3) == [old[0], 1, old[2]])
        #expect(try client.close(both) == .ok)
        #expect(try writeOnly.recover("other.gpg") == [old[0], 1] + Array(old[2...]))
        #expect(writeOnly.drafts.isEmpty)
    }
}

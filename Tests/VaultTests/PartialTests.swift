import Foundation
import SFTP
import TestSupport
import Testing

/// Uploads whose connection ends, and the partials that are kept of them.
@Suite(.serialized) struct PartialTests {
    private let home: HomeFixture
    private let old = [UInt8]("the old version".utf8)

    init() throws {
        home = try HomeFixture()
    }

    /// Sends the start of a file, and ends the session.
    private func cutOff(_ path: String, _ bytes: [UInt8], _ flags: OpenFlags = [.write, .create, .truncate]) throws {
        let client = try home.connect()
        let handle = try #require(try client.open(path, flags))
        #expect(try client.write(handle, at: flags.contains(.truncate) ? 0 : client.size(path) ?? 0, bytes) == .ok)
        client.end()
    }

    @Test func isListedWithItsSizeAndNotRead() throws {
        try cutOff("/file", Array(1...100))
        #expect(home.stored == ["file.gpg.part"])
        #expect(try home.recover("file.gpg.part") == Array(1...100))
        let client = try home.connect()
        #expect(try client.size("/file") == 100)
        guard case .handle(let directory)? = try client.ask(RequestWriter.onPaths(.opendir, "/")),
            case .names(let entries)? = try client.ask(RequestWriter.onHandle(.readdir, directory))
        else {
            Issue.record("no listing")
            return
        }
        #expect(entries.first { $0.name == Array("file".utf8) }?.attributes.size == 100)
        #expect(entries.count == 3)
        guard case .status(4, let text)? = try client.ask(RequestWriter.open("/file", .read)) else {
            Issue.record("it was opened")
            return
        }
        #expect(text.contains("incomplete upload"))
        #expect(try client.ask(RequestWriter.open("/file", [.write, .create, .exclusive]))?.code == 4)
    }

    @Test(arguments: [[.write], [.write, .create], [.write, .append], [.read, .write]] as [OpenFlags])
    func canBeContinued(_ flags: OpenFlags) throws {
        try cutOff("/file", Array(1...100))
        try cutOff("/file", Array(101...150), flags)
        #expect(home.stored == ["file.gpg.part"])
        let client = try home.connect()
        #expect(try client.size("/file") == 150)
        let handle = try #require(try client.open("/file", flags))
        // With APPEND, offsets may be counted from 0.
        #expect(try client.write(handle, at: flags.contains(.append) ? 0 : 150, Array(151...200)) == .ok)
        #expect(try client.close(handle) == .ok)
        #expect(home.stored == ["file.gpg"])
        #expect(try client.read("/file") == Array(1...200))
        #expect(try home.recover("file.gpg") == Array(1...200))
    }

    @Test func isDroppedWhereThereIsAnOlderVersion() throws {
        try home.connect().put("/file", old)
        for flags in [[.write, .truncate], [.write], [.read, .write], [.write, .append]] as [OpenFlags] {
            try cutOff("/file", Array(1...100), flags)
            #expect(home.stored == ["file.gpg"])
            #expect(try home.recover("file.gpg") == old)
        }
    }

    /// Nothing tells whether all bytes had arrived, so only a WRITE makes the file complete.
    @Test func isNotCompletedByOpeningAndClosing() throws {
        try cutOff("/file", Array(1...100))
        let client = try home.connect()
        let handle = try #require(try client.open("/file", [.write]))
        guard case .status(4, let text)? = try client.close(handle) else {
            Issue.record("it was taken for complete")
            return
        }
        #expect(text.contains("incomplete upload"))
        #expect(home.stored == ["file.gpg.part"])
    }

    /// A partial is kept even if a reader has the upload open, whichever handle ends first.
    @Test func isKeptWhileSomebodyReadsIt() throws {
        for name in (0..<8).map({ "/file\($0)" }) {
            let client = try home.connect()
            let writer = try #require(try client.open(name, [.write, .create, .truncate]))
            _ = try #require(try client.open(name, .read))
            #expect(try client.write(writer, at: 0, Array(1...100)) == .ok)
            client.end()
            #expect(try home.recover("\(name.dropFirst()).gpg.part") == Array(1...100))
        }
        #expect(home.drafts.isEmpty)
    }

    /// An old connection may end after a new one that has sent more.
    @Test func isNotReplacedByAShorterOne() throws {
        let late = try home.connect()
        let handle = try #require(try late.open("/file", [.write, .create, .truncate]))
        #expect(try late.write(handle, at: 0, Array(1...100)) == .ok)
        try cutOff("/file", Array(1...200))
        late.end()
        #expect(try home.recover("file.gpg.part") == Array(1...200))
    }

    @Test func givesWayToTheWholeFile() throws {
        try cutOff("/file", Array(1...100))
        let client = try home.connect()
        try client.put("/file", old)
        #expect(home.stored == ["file.gpg"])
        #expect(try client.read("/file") == old)
        #expect(try client.ask(RequestWriter.onPaths(.remove, "/file")) == .ok)
        #expect(home.stored == [])
    }

    @Test func isRenamedAndRemovedAsWhatItIs() throws {
        try home.connect().put("/whole", old)
        try cutOff("/file", Array(1...100))
        let client = try home.connect()
        #expect(try client.ask(RequestWriter.onPaths(.rename, "/file", "/whole"))?.code == 4)
        #expect(try client.ask(RequestWriter.posixRename("/file", "/whole"))?.code == 4)
        #expect(try client.read("/whole") == old)
        #expect(try client.ask(RequestWriter.onPaths(.rename, "/file", "/other")) == .ok)
        #expect(home.stored == ["other.gpg.part", "whole.gpg"])
        #expect(try client.ask(RequestWriter.open("/other", .read))?.code == 4)
        #expect(try client.ask(RequestWriter.onPaths(.rename, "/whole", "/other"))?.code == 4)
        #expect(try client.ask(RequestWriter.posixRename("/whole", "/other")) == .ok)
        #expect(home.stored == ["other.gpg"])
        try cutOff("/last", [1])
        #expect(try client.ask(RequestWriter.onPaths(.remove, "/last")) == .ok)
        #expect(home.stored == ["other.gpg"])
    }

    /// Bytes behind a gap are not kept, because a client that resumes would not fill the gap.
    @Test func endsWhereTheFirstHoleIs() throws {
        let client = try home.connect()
        let handle = try #require(try client.open("/file", [.write, .create, .truncate]))
        let piece = [UInt8](repeating: 5, count: 1000)
        for start in [0, 1000, 3000, 4000] as [UInt64] {
            #expect(try client.write(handle, at: start, piece) == .ok)
        }
        client.end()
        #expect(try home.connect().size("/file") == 2000)
        let empty = try home.connect()
        _ = try empty.open("/nothing", [.write, .create])
        empty.end()
        #expect(home.stored == ["file.gpg.part"])
    }

    /// A write-only session cannot resume a partial: it sees none, and its next upload of the name replaces it.
    @Test func isHiddenFromWriteOnlySessions() throws {
        let writeOnly = try HomeFixture(isOwner: false)
        let client = try writeOnly.connect()
        let handle = try #require(try client.open("/file", [.write, .create, .truncate]))
        #expect(try client.write(handle, at: 0, [1, 2, 3]) == .ok)
        client.end()
        #expect(writeOnly.stored == ["file.gpg.part"])
        #expect(try writeOnly.recover("file.gpg.part") == [1, 2, 3])
        let next = try writeOnly.connect()
        #expect(try next.size("/file") == nil)
        #expect(try next.size("/file.gpg.part") == nil)
        // A second interrupted upload does not replace the first one.
        let shorter = try #require(try next.open("/file", [.write, .create, .truncate]))
        #expect(try next.write(shorter, at: 0, [9]) == .ok)
        next.end()
        #expect(try writeOnly.recover("file.gpg.part") == [1, 2, 3])
        let last = try writeOnly.connect()
        try last.put("/file", old)
        #expect(writeOnly.stored == ["file.gpg"])
        #expect(try writeOnly.recover("file.gpg") == old)
        #expect(writeOnly.drafts.isEmpty)
    }

    @Test func aDirectoryInTheWayIsNoDisaster() throws {
        try FileManager.default.createDirectory(
            atPath: home.scratch.path("home/file.gpg.part/inside"), withIntermediateDirectories: true)
        try cutOff("/file", [1, 2, 3])
        #expect(home.stored == ["file.gpg.part"])
        #expect(home.drafts.isEmpty)
        try home.connect().put("/file", old)
        #expect(home.stored == ["file.gpg", "file.gpg.part"])
    }
}

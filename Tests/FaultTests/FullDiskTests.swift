import Foundation
import SFTP
import TestSupport
import Testing

/// A disk without room, and one that is read-only.
@Suite(.serialized, .enabled(if: SmallDisk.obstacle == nil, "no small disk here: \(SmallDisk.obstacle ?? "")"))
struct FullDiskTests {
    private let disk: SmallDisk
    private let server: RunningServer
    private let wire: WireClient
    private let older = Data.random(1 << 20, seed: 3)
    private let before: Data

    init() throws {
        disk = try SmallDisk(megabytes: 12)
        server = try RunningServer([("alice", "rw")], data: disk.mount)
        wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.upload("/older", older) == .ok)
        before = try Data(contentsOf: disk.mount.appending(path: "alice/older.gpg"))
    }

    /// Nothing has changed, and with room all works again.
    private func requireUnchanged() throws {
        #expect(try Data(contentsOf: disk.mount.appending(path: "alice/older.gpg")) == before)
        #expect(try wire.names(in: "/") == ["older"])
        try waitUntil("the draft is gone") { server.drafts.isEmpty }
        #expect(try wire.download("/older") == older)
        try disk.empty()
        for path in ["/new", "/older"] {
            #expect(try wire.upload(path, Data("with room".utf8)) == .ok)
            #expect(try server.recover("alice\(path).gpg").output == Data("with room".utf8))
        }
    }

    private func expectFull(_ reply: Reply?, _ what: String) {
        #expect(reply == .status(4, "the disk is full"), "\(what): \(String(describing: reply))")
    }

    @Test(arguments: ["/older", "/new"]) func duringAnUpload(path: String) throws {
        try disk.fill(leaving: 1 << 20)
        let handle = try #require(try wire.open(path, [.write, .create, .truncate]))
        let replies = try wire.ask(all: WireClient.writes(handle, Data.random(5 << 20, seed: 4)))
        expectFull(replies.last, "the last WRITE")
        expectFull(try wire.ask(RequestWriter.onHandle(.close, handle)), "CLOSE")
        try requireUnchanged()
    }

    @Test(arguments: ["/older", "/new"]) func atClose(path: String) throws {
        let handle = try #require(try wire.open(path, [.write, .create, .truncate]))
        #expect(try wire.ask(all: WireClient.writes(handle, Data.random(20_000, seed: 4))).allSatisfy { $0 == .ok })
        try disk.fill(leaving: 0)
        expectFull(try wire.ask(RequestWriter.onHandle(.close, handle)), "CLOSE")
        try requireUnchanged()
    }

    /// More than the spool keeps in memory, backwards.
    @Test(arguments: ["/older", "/new"]) func whileSpooling(path: String) throws {
        let handle = try #require(try wire.open(path, [.read, .write, .create]))
        try disk.fill(leaving: 1 << 20)
        let blocks = (0..<200).reversed().map { block in
            RequestWriter.write(handle, at: UInt64(block) * 32768, [UInt8](repeating: UInt8(block), count: 32768))
        }
        // The first alone makes the file as long as it gets: there is no room for that.
        let refused = try wire.ask(blocks[0])
        #expect(refused == .status(4, "the disk has no room for that size"), "\(String(describing: refused))")
        try disk.empty()
        #expect(try wire.ask(blocks[0])?.code == 4, "the first failure stays")
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle))?.code == 4)

        let again = try #require(try wire.open(path, [.read, .write, .create]))
        let writes = (0..<200).reversed().map { block in
            RequestWriter.write(again, at: UInt64(block) * 32768, [UInt8](repeating: UInt8(block), count: 32768))
        }
        #expect(try wire.ask(writes[0]) == .ok)
        try disk.fill(leaving: 1 << 20)
        expectFull(try wire.ask(all: Array(writes[1...])).last, "the last WRITE")
        expectFull(try wire.ask(RequestWriter.onHandle(.close, again)), "CLOSE")
        try requireUnchanged()
    }

    @Test func whileAPartialIsSealed() throws {
        let uploader = try server.wire("alice")
        _ = try uploader.initialize()
        let handle = try #require(try uploader.open("/new", [.write, .create, .truncate]))
        #expect(try uploader.ask(all: WireClient.writes(handle, Data.random(30_000))).allSatisfy { $0 == .ok })
        try disk.fill(leaving: 0)
        uploader.close()
        try waitUntil("one session is left") { server.sessions.count == 1 }
        try requireUnchanged()
    }

    @Test func aSizeThatThereIsNoRoomForIsRefusedAtOnce() throws {
        try disk.fill(leaving: 1 << 20)
        let handle = try #require(try wire.open("/new", [.write, .create]))
        #expect(
            try wire.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 1 << 30)))
                == .status(4, "the disk has no room for that size"))
        // Nothing was written, and that can be kept.
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(try wire.size("/new") == 0)
        #expect(try wire.ask(RequestWriter.onPaths(.remove, "/new")) == .ok)
        try requireUnchanged()
    }

    @Test func onAReadOnlyMediumFilesAreReadAndNotChanged() throws {
        try disk.remount(readOnly: true)
        let sentence = "the data directory is on a read-only medium"
        for path in ["/older", "/new"] {
            #expect(try wire.ask(RequestWriter.open(path, [.write, .create, .truncate])) == .status(3, sentence))
        }
        #expect(try wire.ask(RequestWriter.onPaths(.rename, "/older", "/moved")) == .status(3, sentence))
        #expect(try wire.ask(RequestWriter.onPaths(.remove, "/older")) == .status(3, sentence))
        #expect(try wire.ask(RequestWriter.onPath(.mkdir, "/directory", FileAttributes())) == .status(3, sentence))
        #expect(try wire.download("/older") == older)
        #expect(try server.sftp("alice", "get older").status == 0, "a new session, too")
        try disk.remount(readOnly: false)
        try disk.fill(leaving: 4 << 20)
        try requireUnchanged()
    }
}

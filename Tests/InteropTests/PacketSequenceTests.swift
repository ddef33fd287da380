import Foundation
import SFTP
import TestSupport
import Testing

/// Clients that cannot run here, by the packets that they send.
@Suite(.serialized) struct PacketSequenceTests {
    private static let contents = Data.random(3_000_003, seed: 7)

    private func connect(_ client: String) throws -> (Interop, WireClient) {
        let client = try Interop(client)
        return (client, try CutOff.connect(client))
    }

    private func requireOK(_ client: Interop, _ replies: [Reply], _ what: String) throws {
        try client.require(replies.allSatisfy { $0 == .ok }, "\(what): \(replies.filter { $0 != .ok })")
    }

    /// A new file, then a shorter one over it.
    @Test func winSCP() throws {
        let (client, wire) = try connect("WinSCP, packet by packet")
        for contents in [Self.contents, Self.contents.prefix(200_000)] {
            try WinSCPUpload(client, wire).send(contents, as: "/file")
            try client.requireStored("file", contents)
        }
        try client.shown("–", "upload by .filepart, over an older version too; times and permissions behind CLOSE")
    }

    @Test func kio() throws {
        let (client, wire) = try connect("KDE's KIO, packet by packet")
        let part = try #require(try wire.open("/file.part", [.write, .create, .truncate]))
        let writes = CutOff.writes(part, Self.contents, from: 0, block: 61440)
        let empty = RequestWriter.write(part, at: UInt64(Self.contents.count), [])
        try requireOK(client, wire.ask(all: writes + [empty, RequestWriter.onHandle(.close, part)]), "upload")
        let times = FileAttributes(times: .init(access: 1_300_000_000, modification: 1_200_000_000))
        try requireOK(
            client,
            wire.ask(all: [
                RequestWriter.onPaths(.rename, "/file.part", "/file"), RequestWriter.onPath(.setstat, "/file", times),
            ]), "RENAME and SETSTAT")
        try client.requireStored("file", Self.contents)
        let stored = client.server.data.appending(path: "alice/file.gpg")
        try client.require(try client.modified(stored) == 1_200_000_000, "time")
        try client.shown("–", "upload by .part")
    }

    /// 64 blocks in flight, in the order in which the local disk happened to deliver them.
    @Test func nodeSSH2FastPut() throws {
        let (client, wire) = try connect("node ssh2 fastPut, packet by packet")
        var random = SeededNumbers(seed: 8)
        let ways: [OpenFlags] = [[.write, .create, .truncate], [.write]]
        for flags in ways {
            let handle = try #require(try wire.open("/file", flags))
            let writes = CutOff.writes(handle, Self.contents, from: 0)
            var shuffled: [[UInt8]] = []
            var window: [[UInt8]] = []
            for write in writes {
                window.append(write)
                if window.count == 64 { shuffled.append(window.remove(at: Int(random.next() % 64))) }
            }
            shuffled += window.shuffled(using: &random)
            try requireOK(client, wire.ask(all: shuffled), "writes")
            let mode = RequestWriter.fsetstat(handle, FileAttributes(permissions: 0o640))
            try requireOK(client, wire.ask(all: [mode, RequestWriter.onHandle(.close, handle)]), "FSETSTAT, CLOSE")
            try client.requireStored("file", Self.contents)
        }
        // fastGet: the same order of blocks, reading.
        let handle = try #require(try wire.open("/file", .read))
        let offsets = Array(stride(from: 0, to: Self.contents.count, by: 32768)).shuffled(using: &random)
        let replies = try wire.ask(all: offsets.map { RequestWriter.read(handle, at: UInt64($0), 32768) })
        for (offset, reply) in zip(offsets, replies) {
            let end = min(offset + 32768, Self.contents.count)
            try client.require(reply == .data(Array(Self.contents[offset..<end])), "READ at \(offset)")
        }
        try client.shown("–", "fastPut and fastGet: 64 blocks in flight, in any order")
    }

    /// OPEN and LSTAT in one go, as a mount does it, then what an application does to its file.
    @Test func sshfs() throws {
        let (client, wire) = try connect("sshfs, packet by packet")
        let attributes = FileAttributes(permissions: 0o100644)
        let opening = try wire.ask(all: [
            RequestWriter.open("/file", [.read, .write, .create, .exclusive], attributes),
            RequestWriter.onPaths(.lstat, "/file"),
        ])
        guard case .handle(let handle)? = opening.first, case .attributes(let made)? = opening.last, made.size == 0
        else { return try client.require(false, "OPEN with LSTAT: \(opening)") }
        var model = Array(Self.contents.prefix(100_000))
        try requireOK(client, wire.ask(all: CutOff.writes(handle, model, from: 0, block: 4096)), "writes")
        try requireOK(client, wire.ask(all: CutOff.writes(handle, Data("change".utf8), from: 50_000)), "rewrite")
        model.replaceSubrange(50_000..<50_006, with: Data("change".utf8))
        try client.require(
            try wire.ask(RequestWriter.read(handle, at: 49_990, 100)) == .data(Array(model[49_990..<50_090])),
            "what was written is read")
        let size = FileAttributes(size: 60_000)
        try requireOK(
            client,
            wire.ask(all: [
                RequestWriter.onPath(.setstat, "/file", size),
                RequestWriter.extended("fsync@openssh.com") { handle.append(to: &$0) },
                RequestWriter.onHandle(.close, handle),
            ]), "SETSTAT by name, fsync, CLOSE")
        try client.requireStored("file", Data(model.prefix(60_000)))
        let again = try #require(try wire.open("/file", [.write, .append]))
        try requireOK(client, wire.ask(all: CutOff.writes(again, Data("tail".utf8), from: 60_000)), "append")
        try requireOK(client, wire.ask(all: [RequestWriter.onHandle(.close, again)]), "CLOSE")
        try client.requireStored("file", Data(model.prefix(60_000)) + Data("tail".utf8))
        try client.shown("–", "OPEN with LSTAT, rewrites, SETSTAT of the size while open, append")
    }

    /// Written under a name of its own, renamed over the old version while open, then closed.
    @Test func renamedOverAnOlderVersionWhileOpen() throws {
        let (client, wire) = try connect("sshfs, packet by packet")
        try client.server.scratch.file("up", Data("older".utf8))
        try client.passed(client.server.sftp("alice", "put up file"))
        let handle = try #require(try wire.open("/new", [.read, .write, .create, .exclusive]))
        try requireOK(client, wire.ask(all: CutOff.writes(handle, Data("newer".utf8), from: 0)), "write")
        let rename = RequestWriter.extended("posix-rename@openssh.com") {
            $0.append(string: "/new".utf8)
            $0.append(string: "/file".utf8)
        }
        try requireOK(client, wire.ask(all: [rename, RequestWriter.onHandle(.close, handle)]), "rename, CLOSE")
        try client.requireStored("file", Data("newer".utf8))
        try client.shown("–", "renaming an open file over an older version")
    }

    /// Overwrites without CREAT, as Cyberduck does.
    @Test func cyberduck() throws {
        let (client, wire) = try connect("Cyberduck, packet by packet")
        let uploads: [(Data, OpenFlags)] = [
            (Self.contents, [.write, .create, .truncate]), (Self.contents.prefix(10), [.write, .truncate]),
        ]
        for (contents, flags) in uploads {
            let handle = try #require(try wire.open("/file", flags))
            let requests = CutOff.writes(handle, contents, from: 0) + [RequestWriter.onHandle(.close, handle)]
            try requireOK(client, wire.ask(all: requests), "upload")
            try client.requireStored("file", contents)
        }
        try client.shown("–", "upload, over an older version too")
    }

    /// FSETSTAT of size and time before CLOSE, as lftp sends them, while the writes are still on their way.
    @Test func sizeAndTimeBeforeClose() throws {
        let (client, wire) = try connect("lftp, packet by packet")
        let handle = try #require(try wire.open("/file", [.write, .create, .truncate]))
        let attributes = FileAttributes(
            size: UInt64(Self.contents.count), times: .init(access: 1_300_000_000, modification: 1_200_000_000))
        let requests = CutOff.writes(handle, Self.contents, from: 0)
        let end = [RequestWriter.fsetstat(handle, attributes), RequestWriter.onHandle(.close, handle)]
        try requireOK(client, wire.ask(all: requests + end), "upload")
        try client.requireStored("file", Self.contents)
        let stored = client.server.data.appending(path: "alice/file.gpg")
        try client.require(try client.modified(stored) == 1_200_000_000, "time")
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// Raw packets to the running server: what no well-behaved client sends.
@Suite(.serialized) struct ProtocolTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "rw")]) }

    private func connect() throws -> WireClient {
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        return wire
    }

    @Test func announcesItsExtensionsAndLimits() throws {
        let wire = try server.wire("alice")
        guard case .version(3, let extensions)? = try wire.initialize() else {
            Issue.record("no version")
            return
        }
        #expect(
            Set(extensions).isSuperset(of: ["limits@openssh.com", "posix-rename@openssh.com", "fsync@openssh.com"]))
        guard case .extended(let limits)? = try wire.ask(RequestWriter.extended("limits@openssh.com")) else {
            Issue.record("no limits")
            return
        }
        #expect(limits.count == 32)
    }

    @Test(arguments: [[0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0, 4, 0, 1], [0x10, 0, 0, 0]] as [[UInt8]])
    func aLengthThatNoPacketHasEndsTheSession(length: [UInt8]) throws {
        let wire = try connect()
        #expect(try wire.ask(length + [1, 2, 3]) == nil)
        #expect(try connect().size("/") != nil, "the server goes on")
    }

    @Test func namesThatCannotBeAreRefused() throws {
        let wire = try connect()
        let flags: OpenFlags = [.write, .create, .truncate]
        #expect(try wire.ask(RequestWriter.open("a\0b", flags))?.code == 5)
        #expect(try wire.ask(RequestWriter.open(String(repeating: "x", count: 252), flags))?.code == 4)
        #expect(try wire.ask(RequestWriter.open(String(repeating: "x", count: 256), flags))?.code == 4)
        #expect(try wire.ask(RequestWriter.open("/", flags))?.code == 4)
        #expect(try wire.ask(RequestWriter.open(".cryptsftp-drafts/x", flags))?.code == 3)
        let longest = try #require(try wire.open(String(repeating: "x", count: 251), flags))
        #expect(try wire.ask(RequestWriter.onHandle(.close, longest)) == .ok)
    }

    @Test func nothingLeadsOutOfTheHome() throws {
        try server.scratch.file("data/outside.gpg", Data("x".utf8))
        try FileManager.default.createSymbolicLink(
            atPath: server.data.appending(path: "alice/link").path, withDestinationPath: "/etc")
        try FileManager.default.createSymbolicLink(
            atPath: server.data.appending(path: "alice/file.gpg").path, withDestinationPath: "../outside.gpg")
        let wire = try connect()
        for path in ["../outside", "/../outside", "x/../../outside", "link", "link/passwd", "file", "/etc/passwd"] {
            #expect(try wire.ask(RequestWriter.onPaths(.stat, path))?.code == 2, "\(path)")
            #expect(try wire.ask(RequestWriter.open(path, .read))?.code == 2, "\(path)")
        }
        #expect(try wire.ask(RequestWriter.open("link/new", [.write, .create]))?.code == 2)
        #expect(try wire.ask(RequestWriter.open("file", [.write, .create, .truncate]))?.code == 4)
        #expect(try wire.ask(RequestWriter.onPaths(.opendir, "link"))?.code == 2)
    }

    @Test func namesAreBytes() throws {
        let wire = try connect()
        let name: [UInt8] = [0xff, 0xfe, 0x20, 0x80]
        let open = RequestWriter.request(.open) {
            $0.append(string: name)
            $0.append(uint32: OpenFlags([.write, .create]).rawValue)
            FileAttributes().append(to: &$0)
        }
        guard case .handle(let handle)? = try wire.ask(open) else {
            Issue.record("refused")
            return
        }
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        guard case .handle(let directory)? = try wire.ask(RequestWriter.onPaths(.opendir, "/")),
            case .names(let entries)? = try wire.ask(RequestWriter.onHandle(.readdir, directory))
        else {
            Issue.record("no listing")
            return
        }
        #expect(entries.contains { $0.name == name })
    }

    @Test func aFileBeingWrittenIsSeen() throws {
        let wire = try connect()
        let handle = try #require(try wire.open("/new", [.write, .create, .truncate]))
        #expect(try wire.size("/new") == 0)
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try wire.size("/new") == 3)
        guard case .handle(let directory)? = try wire.ask(RequestWriter.onPaths(.opendir, "/")),
            case .names(let entries)? = try wire.ask(RequestWriter.onHandle(.readdir, directory))
        else {
            Issue.record("no listing")
            return
        }
        #expect(entries.first { $0.name == Array("new".utf8) }?.attributes.size == 3)
        #expect(try connect().ask(RequestWriter.onPaths(.stat, "/new"))?.code == 2, "another session does not see it")
    }

    @Test func aClientThatGoesAwayLeavesTheOldVersion() throws {
        try server.scratch.file("up", Data("old".utf8))
        #expect(try server.sftp("alice", "put up file").status == 0)
        let wire = try connect()
        for path in ["/file", "/other"] {
            let handle = try #require(try wire.open(path, [.write, .create, .truncate]))
            #expect(try wire.ask(RequestWriter.write(handle, at: 0, [UInt8](repeating: 7, count: 100_000))) == .ok)
        }
        wire.close()
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        #expect(try server.recover("alice/file.gpg").output == Data("old".utf8))
        #expect(!FileManager.default.fileExists(atPath: server.data.appending(path: "alice/other.gpg").path))
        #expect(try server.recover("alice/other.gpg.part").output == Data(repeating: 7, count: 100_000))
        let drafts = try FileManager.default.contentsOfDirectory(
            atPath: server.data.appending(path: ".cryptsftp-drafts").path)
        #expect(drafts.isEmpty)
    }

    /// Its bytes are encrypted only when the connection has ended: the keys must last until then.
    @Test func whatWasNotEncryptedYetIsKeptAsWell() throws {
        let wire = try connect()
        let handle = try #require(try wire.open("/file", [.read, .write, .create]))
        let piece = [UInt8](repeating: 7, count: 100_000)
        for number in 0..<30 as Range<UInt64> {
            #expect(try wire.ask(RequestWriter.write(handle, at: number * 100_000, piece)) == .ok)
        }
        wire.close()
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        #expect(try server.recover("alice/file.gpg.part").output == Data(repeating: 7, count: 3_000_000))
    }

    /// Of two sessions that close the same file at the same moment, one is told that it comes second.
    @Test func noUpdateIsLostWithTwoOKs() throws {
        let clients = try [connect(), connect()]
        for round in 0..<20 {
            let handle = try #require(try clients[0].open("/file", [.write, .create, .truncate]))
            #expect(try clients[0].ask(RequestWriter.write(handle, at: 0, [0, 0])) == .ok)
            #expect(try clients[0].ask(RequestWriter.onHandle(.close, handle)) == .ok)
            let handles = try clients.map { try #require(try $0.open("/file", [.read, .write])) }
            for (index, client) in clients.enumerated() {
                let write = RequestWriter.write(handles[index], at: UInt64(index), [UInt8(index + 1)])
                #expect(try client.ask(write) == .ok)
            }
            for (client, handle) in zip(clients, handles) { try client.send(RequestWriter.onHandle(.close, handle)) }
            let codes = try clients.map { try $0.reply()?.code }
            let kept = try server.recover("alice/file.gpg").output
            #expect(
                codes == [0, 4] && kept == Data([1, 0]) || codes == [4, 0] && kept == Data([0, 2]), "round \(round)")
        }
    }

    @Test func filesAreWrittenAndReadAnywhere() throws {
        let wire = try connect()
        func contents() throws -> Reply? {
            let handle = try #require(try wire.open("/file", .read))
            defer { _ = try? wire.ask(RequestWriter.onHandle(.close, handle)) }
            #expect(try wire.ask(RequestWriter.read(handle, at: 100, 10))?.code == 1)
            #expect(try wire.ask(RequestWriter.read(handle, at: .max, 10))?.code == 1)
            return try wire.ask(RequestWriter.read(handle, at: 0, 100))
        }
        func change(_ flags: OpenFlags, at offset: UInt64, _ bytes: [UInt8]) throws {
            let handle = try #require(try wire.open("/file", flags))
            #expect(try wire.ask(RequestWriter.write(handle, at: offset, bytes)) == .ok)
            if flags.contains(.read) {
                #expect(try wire.ask(RequestWriter.read(handle, at: offset, 1)) == .data(Array(bytes.prefix(1))))
            }
            #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        }
        try change([.write, .create, .truncate], at: 3, [1, 2])
        #expect(try contents() == .data([0, 0, 0, 1, 2]))
        try change([.read, .write], at: 1, [3])
        #expect(try contents() == .data([0, 3, 0, 1, 2]))
        try change(.write, at: 0, [4])
        #expect(try contents() == .data([4, 3, 0, 1, 2]))
        try change([.write, .append], at: 0, [5])
        #expect(try contents() == .data([4, 3, 0, 1, 2, 5]))
        try change([.write, .create, .truncate], at: 0, [6])
        #expect(try contents() == .data([6]))
    }

    @Test func copiesEndAndRangesAreChecked() throws {
        let wire = try connect()
        let source = try #require(try wire.open("/file", [.read, .write, .create]))
        let target = try #require(try wire.open("/file", .write))
        func copy(_ target: Handle, _ offset: UInt64, _ length: UInt64, to place: UInt64) throws -> Reply? {
            try wire.ask(
                RequestWriter.extended("copy-data") {
                    source.append(to: &$0)
                    $0.append(uint64: offset)
                    $0.append(uint64: length)
                    target.append(to: &$0)
                    $0.append(uint64: place)
                })
        }
        #expect(try wire.ask(RequestWriter.write(source, at: 0, [1, 2, 3])) == .ok)
        #expect(try copy(target, 0, 0, to: 3) == .ok)
        #expect(try copy(target, 1, 1, to: 0) == .ok)
        #expect(try wire.ask(RequestWriter.read(source, at: 0, 100)) == .data([2, 2, 3, 1, 2, 3]))
        #expect(try copy(source, 0, 0, to: 3)?.code == 4)
        #expect(try copy(target, 1, .max, to: 0)?.code == 4)
        #expect(try copy(target, 0, 1, to: .max)?.code == 4)
        #expect(try copy(Handle(target.value ^ 1), 0, 0, to: 0)?.code == 4)
        for handle in [source, target] { #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok) }
        #expect(try wire.size("/file") == 6)
    }

    @Test func theOwnerOfFilesHasTheLoginName() throws {
        let wire = try connect()
        guard case .attributes(let attributes)? = try wire.ask(RequestWriter.onPaths(.stat, "/")) else {
            Issue.record("no attributes")
            return
        }
        let owner = try #require(attributes.owner)
        var numbers: [UInt8] = []
        numbers.append(uint32: owner.user)
        numbers.append(uint32: owner.user &+ 1)
        let reply = try wire.ask(
            RequestWriter.extended("users-groups-by-id@openssh.com") {
                $0.append(string: numbers)
                $0.append(string: [])
            })
        #expect(reply == .extended([0, 0, 0, 13, 0, 0, 0, 5] + Array("alice".utf8) + [0, 0, 0, 0] + [0, 0, 0, 0]))
    }

    @Test func exclusiveCreationIsExclusive() throws {
        let wire = try connect()
        let handle = try #require(try wire.open("/file", [.write, .create, .exclusive]))
        #expect(try wire.ask(RequestWriter.open("/file", [.write, .create, .exclusive]))?.code == 4)
        // Another session makes it meanwhile: its file stays.
        try server.scratch.file("up", Data("theirs".utf8))
        #expect(try server.sftp("alice", "put up file").status == 0)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle))?.code == 4)
        #expect(try server.recover("alice/file.gpg").output == Data("theirs".utf8))
    }

    @Test func renamesAndRemovalsReachOpenUploads() throws {
        let wire = try connect()
        let one = try #require(try wire.open("/one", [.write, .create]))
        #expect(try wire.ask(RequestWriter.write(one, at: 0, [1])) == .ok)
        #expect(try wire.ask(RequestWriter.onPaths(.rename, "/one", "/two")) == .ok)
        #expect(try wire.size("/one") == nil)
        #expect(try wire.ask(RequestWriter.onHandle(.close, one)) == .ok)
        #expect(try wire.size("/two") == 1)
        let gone = try #require(try wire.open("/gone", [.write, .create]))
        #expect(try wire.ask(RequestWriter.onPaths(.remove, "/gone")) == .ok)
        #expect(try wire.ask(RequestWriter.onHandle(.close, gone)) == .ok)
        #expect(try wire.size("/gone") == nil)
    }

    @Test func otherRequestsOfSSHAreRefused() throws {
        #expect(try server.ssh("alice", ["true"]).status != 0)
        #expect(try server.ssh("alice", ["-s", "nothing"]).status != 0)
        #expect(try server.ssh("alice", ["-tt"]).status != 0)
    }

    @Test func damagedFilesAreListedAndNotRead() throws {
        try server.scratch.file("up", Data.random(100_000))
        #expect(try server.sftp("alice", "put up file").status == 0)
        let stored = server.data.appending(path: "alice/file.gpg")
        let good = try Data(contentsOf: stored)
        for damage in [good.dropLast(1), good.prefix(50_000), good + [0], Data(), Data("plaintext".utf8)] {
            try Data(damage).write(to: stored)
            #expect(try server.sftp("alice", "ls -l file").status == 0)
            #expect(try server.sftp("alice", "get file down").status != 0)
        }
        var flipped = good
        flipped[70_000] ^= 1
        try flipped.write(to: stored)
        #expect(try server.sftp("alice", "get file down").status != 0)
        #expect(try server.sftp("alice", "rm file").status == 0)
    }

    /// A draft can always be read and written by its owner; what it is published with is what was asked for last.
    @Test func permissionsAreTheOnesAskedForLast() throws {
        let wire = try connect()
        let stored = server.data.appending(path: "alice/file.gpg").path
        for (asked, later) in [(0o444, nil), (0o444, 0o640), (0o200, 0o600), (0o600, 0o400)] as [(UInt32, UInt32?)] {
            _ = try wire.ask(RequestWriter.onPaths(.remove, "/file"))
            let open = RequestWriter.open("/file", [.write, .create], FileAttributes(permissions: asked))
            guard case .handle(let handle)? = try wire.ask(open) else {
                Issue.record("refused")
                return
            }
            if let later {
                #expect(try wire.ask(RequestWriter.fsetstat(handle, FileAttributes(permissions: later))) == .ok)
            }
            #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
            let mode = try FileManager.default.attributesOfItem(atPath: stored)[.posixPermissions] as? Int
            #expect(mode == Int(later ?? asked))
        }
    }
}

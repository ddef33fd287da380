import Foundation
import SFTP
import TestSupport
import Testing

/// The order of system calls, which decides what is left when the power fails: bytes, fsync, name, fsync of the
/// directory, OK.
@Suite(
    .serialized,
    .enabled(if: SystemCallTrace.obstacle == nil, "nothing to record here: \(SystemCallTrace.obstacle ?? "")"))
struct PowerLossTests {
    private let server: RunningServer
    private let wire: WireClient

    init() throws {
        server = try RunningServer([("alice", "rw")])
        wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.ask(RequestWriter.onPath(.mkdir, "/directory", FileAttributes())) == .ok)
        try #require(try wire.upload("/older", Data.random(100_000)) == .ok)
    }

    /// Records what the session does from when `last` is sent until its reply is here.
    private func calls(_ body: () throws -> [UInt8]) throws -> [SystemCallTrace.Call] {
        let session = try #require(server.sessions.first)
        let trace = try SystemCallTrace(of: session, in: server.scratch)
        #expect(try wire.ask(try body()) == .ok)
        // The reply is here: the call that sent it has begun, and is in the record once it has returned.
        #expect(try wire.size("/") != nil)
        return try trace.calls().filter { $0.result >= 0 }
    }

    /// Checks that a file is safe before its name is, and both before the client is told.
    ///
    /// - Parameters:
    ///   - name: the stored file's.
    ///   - isReplacing: whether there was one of that name.
    private func expectOrder(_ calls: [SystemCallTrace.Call], _ name: String, in directory: String) throws {
        let target = server.data.appending(path: directory).path
        let drafts = server.data.appending(path: ".cryptsftp-drafts").path
        let index = try #require(
            calls.lastIndex { $0.name.hasPrefix("rename") && $0.arguments.contains("<\(target)>, \"\(name)\"") },
            "no rename to \(name): \(calls)")
        let rename = calls[index]
        let draft = try #require(rename.arguments.firstMatch(of: /<([^>]*)>, "([^"]+)"/))
        #expect(draft.1 == drafts)
        let path = "\(draft.1)/\(draft.2)"
        let writes = calls.filter { $0.name.contains("write") && $0.arguments.contains("<\(path)>") }
        let lastWrite = try #require(writes.last, "no bytes are written to \(path)")
        #expect(writes.reduce(0) { $0 + $1.result } > 0)
        let synchronized = calls.first {
            $0.name == "fsync" && $0.arguments.contains("<\(path)>") && $0.begin > lastWrite.end
                && $0.end < rename.begin
        }
        #expect(synchronized != nil, "the draft is not on the disk when it gets its name")
        expectTold(after: rename, synchronizing: [target, drafts], calls)
    }

    /// Checks that directories are synchronised after a change of names, and that no reply is sent before that.
    private func expectTold(
        after change: SystemCallTrace.Call, synchronizing directories: [String], _ calls: [SystemCallTrace.Call]
    ) {
        var end = change.end
        for directory in directories {
            let fsync = calls.first {
                $0.name == "fsync" && $0.arguments.hasSuffix("<\(directory)>") && $0.begin > change.end
            }
            #expect(fsync != nil, "the directory \(directory) is not synchronised")
            end = max(end, fsync?.end ?? .max)
        }
        // A window adjustment is shorter than any reply; the two replies of the record are its last two sends of that
        // size. libssh sends with send(2); what is written to a socket goes to the listener.
        let sends = calls.filter { $0.name == "sendto" && $0.arguments.contains("<socket:") }
        let shortest = sends.suffix(2).map(\.result).min() ?? 0
        let replies = sends.filter { $0.result >= shortest && $0.end > change.begin }
        #expect(replies.count >= 1 && replies.allSatisfy { $0.begin > end }, "told too early: \(replies)")
    }

    @Test func anUpload() throws {
        let calls = try calls {
            let handle = try #require(try wire.open("/directory/new", [.write, .create, .truncate]))
            _ = try wire.ask(all: WireClient.writes(handle, Data.random(300_000)))
            return RequestWriter.onHandle(.close, handle)
        }
        try expectOrder(calls, "new.gpg", in: "alice/directory")
    }

    @Test func anOverwrite() throws {
        let calls = try calls {
            let handle = try #require(try wire.open("/older", [.write, .create, .truncate]))
            _ = try wire.ask(all: WireClient.writes(handle, Data.random(300_000)))
            return RequestWriter.onHandle(.close, handle)
        }
        try expectOrder(calls, "older.gpg", in: "alice")
        #expect(!calls.contains { $0.name.hasPrefix("unlink") && $0.arguments.contains("older.gpg") })
    }

    @Test func anEditInPlace() throws {
        let calls = try calls {
            let handle = try #require(try wire.open("/older", [.read, .write]))
            #expect(try wire.ask(RequestWriter.write(handle, at: 50_000, [1, 2, 3])) == .ok)
            return RequestWriter.onHandle(.close, handle)
        }
        try expectOrder(calls, "older.gpg", in: "alice")
    }

    @Test func anUploadThatIsCutOff() throws {
        let handle = try #require(try wire.open("/directory/cut", [.write, .create, .truncate]))
        _ = try wire.ask(all: WireClient.writes(handle, Data.random(300_000)))
        let session = try #require(server.sessions.first)
        let trace = try SystemCallTrace(of: session, in: server.scratch)
        wire.close()
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        let calls = try trace.calls().filter { $0.result >= 0 }
        let target = server.data.appending(path: "alice/directory").path
        let rename = try #require(calls.last { $0.name.hasPrefix("rename") && $0.arguments.contains("cut.gpg.part") })
        #expect(calls.contains { $0.name == "fsync" && $0.arguments.contains("-drafts/") && $0.end < rename.begin })
        #expect(calls.contains { $0.name == "fsync" && $0.arguments.hasSuffix("<\(target)>") && $0.begin > rename.end })
    }

    @Test func aRename() throws {
        let calls = try calls { RequestWriter.onPaths(.rename, "/older", "/directory/moved") }
        let home = server.data.appending(path: "alice").path
        let rename = try #require(calls.last { $0.name.hasPrefix("rename") && $0.arguments.contains("\"moved.gpg\"") })
        expectTold(after: rename, synchronizing: ["\(home)/directory", home], calls)
    }

    @Test func aRenameOverAnOlderVersion() throws {
        #expect(try wire.upload("/directory/moved", Data.random(1000)) == .ok)
        let calls = try calls {
            RequestWriter.extended("posix-rename@openssh.com") {
                $0.append(string: "/older".utf8)
                $0.append(string: "/directory/moved".utf8)
            }
        }
        let home = server.data.appending(path: "alice").path
        let rename = try #require(calls.last { $0.name.hasPrefix("rename") && $0.arguments.contains("\"moved.gpg\"") })
        expectTold(after: rename, synchronizing: ["\(home)/directory", home], calls)
        #expect(!calls.contains { $0.name.hasPrefix("unlink") && $0.arguments.hasSuffix("\"moved.gpg\", 0") })
    }

    @Test func aRenameOfAFolder() throws {
        let calls = try calls { RequestWriter.onPaths(.rename, "/directory", "/other") }
        let home = server.data.appending(path: "alice").path
        let rename = try #require(calls.last { $0.name.hasPrefix("rename") && $0.arguments.contains("\"other\"") })
        expectTold(after: rename, synchronizing: [home], calls)
    }

    @Test func aNewDirectory() throws {
        let calls = try calls { RequestWriter.onPath(.mkdir, "/directory/inner", FileAttributes()) }
        let made = try #require(calls.last { $0.name.hasPrefix("mkdir") && $0.arguments.contains("\"inner\"") })
        expectTold(after: made, synchronizing: [server.data.appending(path: "alice/directory").path], calls)
    }

    @Test func aRemoval() throws {
        let calls = try calls { RequestWriter.onPaths(.remove, "/older") }
        let gone = try #require(calls.last { $0.name.hasPrefix("unlink") && $0.arguments.contains("\"older.gpg\"") })
        expectTold(after: gone, synchronizing: [server.data.appending(path: "alice").path], calls)
    }

    /// The order that is tested for must be seen to be missing, too.
    @Test func theRecordIsReadWhereCallsOverlap() {
        let calls = SystemCallTrace.parse(
            """
            12 fsync(7</data/x> <unfinished ...>
            13    write(9<pipe:[3]>, ""..., 10) = 10
            12 <... fsync resumed>)              = 0
            12    renameat2(4</d>, "a", 5</e>, "b c.gpg", RENAME_NOREPLACE) = -1 EINVAL (Invalid argument)
            12 sendto(3<socket:[1]>, ""..., 52, MSG_NOSIGNAL, NULL, 0) = 52
            13 +++ exited with 0 +++
            """)
        #expect(calls.map(\.name) == ["fsync", "write", "renameat2", "sendto"])
        #expect(calls.map(\.result) == [0, 10, -1, 52])
        #expect(calls[0].begin == 0 && calls[0].end == 2 && calls[1].begin == 1)
        #expect(calls[2].arguments.contains("<" + "/e>, \"b c.gpg\""))
    }
}

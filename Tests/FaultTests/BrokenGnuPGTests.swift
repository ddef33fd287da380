import Foundation
import SFTP
import TestSupport
import Testing

/// A gpg that dies, lies or hangs: an error soon, nothing stored, and a session that goes on.
@Suite(.serialized) struct BrokenGnuPGTests {
    private let gnupg: BrokenGnuPG
    private let server: RunningServer
    private let wire: WireClient
    private let older = Data.random(500_000, seed: 11)
    private let before: Data

    init() throws {
        gnupg = try BrokenGnuPG()
        server = try RunningServer(
            [("alice", "rw"), ("bob", "rw"), ("drop", "wo")],
            append: "\n[limits]\nstalled_seconds = 4\nlogin_seconds = 6\n",
            engine: "gpgme", environment: gnupg.environment)
        wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.upload("/older", older) == .ok)
        before = try Data(contentsOf: server.data.appending(path: "alice/older.gpg"))
    }

    /// Nothing has changed; with a good gpg all works again, in the same session; after it nothing is left.
    private func requireUnchanged() throws {
        let home = server.data.appending(path: "alice").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: home) == ["older.gpg"])
        #expect(try Data(contentsOf: server.data.appending(path: "alice/older.gpg")) == before)
        #expect(try wire.names(in: "/") == ["older"])
        try gnupg.mend()
        #expect(try wire.download("/older") == older)
        for path in ["/new", "/older"] {
            #expect(try wire.upload(path, Data("mended".utf8)) == .ok)
            #expect(try server.recover("alice\(path).gpg").output == Data("mended".utf8))
        }
        wire.close()
        try requireNothingLeft()
    }

    private func requireNothingLeft() throws {
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        try? waitUntil("all of gpg has ended") { gnupg.processes.isEmpty && server.drafts.isEmpty }
        #expect(gnupg.processes == [])
        #expect(server.drafts == [])
    }

    private func expectFailure(_ reply: Reply?, _ what: String) {
        guard case .status(let code, let sentence)? = reply else {
            Issue.record("\(what): \(String(describing: reply))")
            return
        }
        #expect(code > 1 && !sentence.isEmpty, "\(what): \(code) \(sentence)")
        #expect(!sentence.contains("damaged"), "\(what) blames the file: \(sentence)")
    }

    private static let ways: [(String, OpenFlags)] = [
        ("/older", [.write, .create, .truncate]), ("/older", .write), ("/new", [.write, .create, .truncate]),
        ("/new", [.write, .create, .exclusive]), ("/older", [.read, .write]),
    ]

    /// The faults of the three tests that follow: in a short run each fault is in one of them.
    private static let faults = Effort.deal(BrokenGnuPG.Fault.visible, to: 3, for: "faults of gpg")

    @Test(arguments: faults[0]) func anUploadFails(fault: BrokenGnuPG.Fault) throws {
        try gnupg.fail(.encrypt, fault)
        // Each takes a while when it is the stall timeout that ends it.
        for (path, flags) in fault.isHanging ? BrokenGnuPGTests.ways.suffix(2) : BrokenGnuPGTests.ways[...] {
            expectFailure(try wire.upload(path, Data.random(400_000), flags), "\(path) with \(flags.rawValue)")
        }
        // More than any queue holds.
        expectFailure(try wire.upload("/large", Data.random(3 << 20)), "a large file")
        if BrokenGnuPGTests.idle.contains(fault) { expectFailure(try wire.upload("/empty", Data()), "an empty file") }
        try requireUnchanged()
    }

    /// What has not arrived whole is kept when gpg is well, and nothing of it when gpg is not.
    @Test(arguments: faults[1]) func whatIsCutOffIsNotKept(fault: BrokenGnuPG.Fault) throws {
        try gnupg.fail(.encrypt, fault)
        let other = try server.wire("alice")
        _ = try other.initialize()
        let handle = try #require(try other.open("/cut-off", [.write, .create]))
        try other.send(Array(WireClient.writes(handle, Data.random(400_000)).joined()))
        _ = try other.replies(12)
        other.close()
        try waitUntil("its session has ended") { server.sessions.count == 1 }
        try requireUnchanged()
    }

    @Test(arguments: faults[2]) func aDownloadEndsInAnError(fault: BrokenGnuPG.Fault) throws {
        try gnupg.fail(.decrypt, fault)
        let isIdle = BrokenGnuPGTests.idle.contains(fault)
        // Read from its start, and from the middle at once.
        for start in [0, 300_000] {
            // A file that is not large is verified when it is opened.
            let opened = try wire.ask(RequestWriter.open("/older", .read))
            guard case .handle(let handle)? = opened else {
                expectFailure(opened, "OPEN")
                continue
            }
            var got = Data()
            var reply = try wire.ask(RequestWriter.read(handle, at: UInt64(start), 32768))
            while case .data(let bytes)? = reply {
                got += bytes
                reply = try wire.ask(RequestWriter.read(handle, at: UInt64(start + got.count), 32768))
            }
            // In the middle it takes gpg only for the key: if that is told, all can be read and checked without it.
            let isWhole = reply?.code == 1 && got == older.dropFirst(start)
            #expect(reply?.code == 4 || isWhole && !isIdle, "\(got.count) from \(start): \(String(describing: reply))")
            if isIdle { expectFailure(reply, "from \(start)") }
            _ = try wire.ask(RequestWriter.onHandle(.close, handle))
        }
        if isIdle { expectFailure(try wire.ask(RequestWriter.open("/older", [.read, .write])), "an edit") }
        try requireUnchanged()
    }

    /// As gpg-agent 2.2 does with one key in some thousands.
    ///
    /// bob logs in: alice's further sessions get the key that her first one has opened.
    @Test func aKeyThatGPGHasDamagedIsNotUsed() throws {
        try gnupg.fail(.passwd, .damages)
        #expect(try server.sftp("bob", "ls").status != 0)
        #expect(server.log.contains("nothing opens it"))
        try waitUntil("only the first session is left") { server.sessions.count == 1 }
        try gnupg.fail(.passwd, .damagesOnce)
        let file = try server.scratch.file("file", older)
        let got = server.scratch.path("got")
        #expect(try server.sftp("bob", "put \(file.path) older\nget older \(got)").status == 0)
        #expect(try Data(contentsOf: URL(filePath: got)) == older)
        try waitUntil("only the first session is left") { server.sessions.count == 1 }
        try requireUnchanged()
    }

    @Test func aNewKeyThatGPGHasDamagedIsNotKept() throws {
        let vault = try Scratch()
        let gnupg = try BrokenGnuPG(isQuick: true)
        func add() throws -> Command {
            try Command.run(
                RunningServer.program,
                ["user", "add", "bob", "-c", vault.path("Configs/server.conf"), "--passphrase-file", "-"],
                input: Data("\(RunningServer.passphrase)\n".utf8), environment: gnupg.environment)
        }
        try gnupg.fail(.newKey, .damages)
        let refused = try add()
        #expect(refused.status != 0 && refused.errors.contains("nothing opens it"), "\(refused.text) \(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: vault.path("Configs/keys/bob")))
        try gnupg.mend()
        #expect(try add().status == 0)
        try requireUnchanged()
    }

    /// Once logged in, files need no gpg, whatever has become of it.
    @Test(arguments: [BrokenGnuPG.Fault.dies, .hangs]) func theNativeEngineGoesOn(fault: BrokenGnuPG.Fault) throws {
        let native = try RunningServer(
            [("alice", "rw")], engine: "native", environment: gnupg.environment)
        let client = try native.wire("alice")
        _ = try client.initialize()
        try gnupg.fail(.encrypt, fault)
        for size in [0, 10_000, 3 << 20] { #expect(try client.upload("/\(size)", Data.random(size, seed: 1)) == .ok) }
        try gnupg.fail(.decrypt, fault)
        for size in [0, 10_000, 3 << 20] { #expect(try client.download("/\(size)") == Data.random(size, seed: 1)) }
        client.close()
        try requireUnchanged()
    }

    /// Those with which gpg does nothing of what it is there for, however little that is.
    static let idle: [BrokenGnuPG.Fault] = [.dies, .idles, .swallows, .babbles, .hangs, .hangsAtTheEnd]

    /// In a short run each of these is in one of the two tests that follow.
    private static let faultsAtLogin = Effort.deal(idle, to: 2, for: "faults of gpg at a login")

    @Test(arguments: faultsAtLogin[0]) func anOwnersLoginIsRefused(fault: BrokenGnuPG.Fault) throws {
        try expectNoLogin(.passwd, fault)
    }

    @Test(arguments: faultsAtLogin[1]) func everyLoginIsRefused(fault: BrokenGnuPG.Fault) throws {
        try expectNoLogin(.version, fault)
    }

    private func expectNoLogin(_ operation: BrokenGnuPG.Operation, _ fault: BrokenGnuPG.Fault) throws {
        try gnupg.fail(operation, fault)
        let run = try server.sftp("bob", "ls")
        #expect(run.status != 0)
        if operation == .version { #expect(try server.sftp("drop", "ls", password: "visitor").status != 0) }
        try waitUntil("only the first session is left") { server.sessions.count == 1 }
        #expect(try wire.size("/older") == UInt64(older.count), "who was logged in stays so")
        try gnupg.mend()
        #expect(try server.sftp("bob", "ls").status == 0)
        try requireUnchanged()
    }
}

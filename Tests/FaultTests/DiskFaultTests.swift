import Foundation
import SFTP
import TestSupport
import Testing

/// Errors of the disk, at every step of an upload.
@Suite(.serialized, .enabled(if: FaultyDisk.obstacle == nil, "no faulty disk here: \(FaultyDisk.obstacle ?? "")"))
struct DiskFaultTests {
    /// What fails, and from when on.
    struct Fault: CustomTestStringConvertible, Sendable {
        let switches: String
        var atClose = true

        var testDescription: String { "\(switches) \(atClose ? "at CLOSE" : "while writing")" }
    }

    static let faults = [
        Fault(switches: "write EIO", atClose: false), Fault(switches: "write ENOSPC", atClose: false),
        Fault(switches: "write EIO"), Fault(switches: "fsync EIO"), Fault(switches: "fsync ENOSPC"),
        Fault(switches: "fsyncdir EIO"), Fault(switches: "rename EIO"), Fault(switches: "rename ENOSPC"),
        Fault(switches: "utimens EIO"), Fault(switches: "change EROFS", atClose: false),
        Fault(switches: "change EROFS"), Fault(switches: "all EIO", atClose: false), Fault(switches: "all EIO"),
        Fault(switches: "all ENODEV", atClose: false), Fault(switches: "all ENODEV"),
    ]

    private static let ways: [(String, OpenFlags)] = [
        ("/older", [.write, .create, .truncate]), ("/older", [.read, .write]), ("/older", .write),
        ("/new", [.write, .create, .exclusive]), ("/new", [.write, .create, .truncate]),
    ]

    private let disk: FaultyDisk
    private let server: RunningServer
    private let wire: WireClient
    private let older = Data.random(300_000, seed: 7)

    init() throws {
        disk = try FaultyDisk()
        // Large files are streamed: some tests have them fail on the way.
        server = try RunningServer(
            [("alice", "rw")], append: "\n[limits]\nverify_megabytes = 1\n", data: disk.mount)
        wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.upload("/older", older) == .ok)
    }

    private func stored(_ name: String) throws -> Data {
        try Data(contentsOf: disk.backing.appending(path: "alice/\(name).gpg"))
    }

    private var names: Set<String> {
        get throws {
            Set(try FileManager.default.contentsOfDirectory(atPath: disk.backing.appending(path: "alice").path))
        }
    }

    /// Uploads while the disk fails.
    ///
    /// - Returns: the reply to the CLOSE. A client such as paramiko does not even look at it.
    private func upload(_ path: String, _ flags: OpenFlags, during fault: Fault) throws -> Reply? {
        let contents = Data.random(400_000, seed: 8)
        let handle = try #require(try wire.open(path, flags))
        let writes = WireClient.writes(handle, contents)
        let half = writes.count / 2
        #expect(try wire.ask(all: Array(writes[..<half])).allSatisfy { $0 == .ok })
        if !fault.atClose { try disk.fail(fault.switches) }
        _ = try wire.ask(all: Array(writes[half...]))
        try disk.fail(fault.switches)
        return try wire.ask(RequestWriter.onHandle(.close, handle))
    }

    @Test(arguments: faults) func aFailedUploadChangesNothing(fault: Fault) throws {
        let before = try stored("older")
        for (path, flags) in Effort.some(2, of: Self.ways, for: "uploads with \(fault.testDescription)") {
            let reply = try upload(path, flags, during: fault)
            guard case .status(let code, let sentence)? = reply else {
                Issue.record("no status for \(path): \(String(describing: reply))")
                continue
            }
            #expect(code != 0 && !sentence.isEmpty, "\(path) with \(flags.rawValue)")
            try disk.fail()
            #expect(try stored("older") == before, "the older version, after \(path) with \(flags.rawValue)")
            #expect(try names == ["older.gpg"])
            #expect(try wire.names(in: "/") == ["older"], "a failed upload is not listed as complete")
            #expect(try wire.download("/older") == older)
        }
        // It is well again: so is the server, in the same session and in a new one.
        #expect(try wire.upload("/new", Data("new".utf8)) == .ok)
        #expect(try wire.upload("/older", Data("newer".utf8)) == .ok)
        #expect(try wire.download("/older") == Data("newer".utf8))
        wire.close()
        try server.restart()
        try server.waitUntilSwept([])
        #expect(try server.recover("alice/new.gpg").output == Data("new".utf8))
        #expect(try server.recover("alice/older.gpg").output == Data("newer".utf8))
    }

    @Test(arguments: ["write ENOSPC", "fsync EIO", "fsyncdir EIO", "rename EIO", "all EIO"])
    func whatIsCutOffMeanwhileIsNotListed(switches: String) throws {
        let handle = try #require(try wire.open("/cut-off", [.write, .create]))
        let contents = Data.random(200_000, seed: 9)
        #expect(try wire.ask(all: WireClient.writes(handle, contents)).allSatisfy { $0 == .ok })
        try disk.fail(switches)
        wire.close()
        try waitUntil("the session has ended") { server.sessions.isEmpty }
        try disk.fail()
        #expect(try names == ["older.gpg"])
        try server.restart()
        try server.waitUntilSwept([])
        #expect(try server.sftp("alice", "put output\nget older").status == 0)
    }

    @Test(arguments: Effort.some(1, of: ["read EIO", "all EIO", "all ENODEV"], for: "faults of a download"))
    func aDownloadEndsInAnError(switches: String) throws {
        let large = Data.random(9 << 20, seed: 10)
        #expect(try wire.upload("/large", large) == .ok)
        for start in [0, 5 << 20] as [UInt64] {
            let handle = try #require(try wire.open("/large", .read))
            guard case .data? = try wire.ask(RequestWriter.read(handle, at: start, 32768)) else {
                Issue.record("nothing to read")
                continue
            }
            try disk.fail(switches)
            var offset = start + 32768
            var reply = try wire.ask(RequestWriter.read(handle, at: offset, 32768))
            while case .data(let bytes)? = reply {
                #expect(large.dropFirst(Int(offset)).prefix(bytes.count).elementsEqual(bytes))
                offset += UInt64(bytes.count)
                reply = try wire.ask(RequestWriter.read(handle, at: offset, 32768))
            }
            #expect(reply?.code == 4, "\(String(describing: reply)) at \(offset)")
            _ = try wire.ask(RequestWriter.onHandle(.close, handle))
            try disk.fail()
        }
        #expect(try wire.download("/large") == large)
    }
}

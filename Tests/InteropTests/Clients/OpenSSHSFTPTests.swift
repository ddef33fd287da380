import Foundation
import TestSupport
import Testing

/// OpenSSH's `sftp`.
@Suite(.serialized) struct OpenSSHSFTPTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws { client = try Interop("OpenSSH sftp") }

    private func version() throws -> String { try client.version("ssh", ["-V"]) }

    @Test func transfersAndManagesFiles() throws {
        let contents = Data.random(300_000)
        try server.scratch.file("up", contents, mode: 0o640)
        try client.makeTree("tree")
        let run = try client.passed(
            server.sftp(
                "alice",
                """
                put up one
                put -f up two
                put -p up three
                put -pr tree
                get one one-back
                get -p three three-back
                get -pr tree tree-back
                rename two one
                mkdir directory
                rename three directory/three
                chmod 600 directory/three
                ls -l
                ls -la directory
                df
                rm one
                rm directory/*
                rmdir directory
                ls -1
                """))
        try client.requireLocal("one-back", contents)
        try client.requireLocal("three-back", contents)
        try client.requireSame("tree", "tree-back")
        try client.requireStored("tree/a/b/large", client.bytes("tree/a/b/large"))
        let modified = try client.modified(client.url("up"))
        try client.require(try client.modified(client.url("three-back")) == modified, "put -p, get -p: another time")
        try client.require(run.text.contains("300000") && run.text.contains("%Capacity"), "ls -l, df: \(run.text)")
        try client.require(run.text.hasSuffix("ls -1\ntree\n"), "rm, rmdir: \(run.text)")
        try client.shown(version(), "put, get, -p, -f, -r", "rename, chmod, ls, rm, mkdir, rmdir, df")
    }

    @Test(arguments: [1 << 20, 3 << 20]) func resumesDownloads(count: Int) throws {
        let contents = Data.random(5 << 20)
        try server.scratch.file("up", contents)
        for part in ["part", "part2"] { try server.scratch.file(part, contents.prefix(count)) }
        try client.passed(server.sftp("alice", "put up file\nreget file part\nget -a file part2"))
        try client.requireLocal("part", contents)
        try client.requireLocal("part2", contents)
        try client.shown(version(), "reget")
    }

    @Test(arguments: [1, 32768, 3_000_001]) func resumesUploads(count: Int) throws {
        let contents = Data.random(5 << 20)
        try server.scratch.file("up", contents)
        try server.scratch.file("part", contents.prefix(count))
        try client.passed(
            server.sftp("alice", "put part one\nput part two\nreput up one\nput -a up two\nget one one-back"))
        try client.requireLocal("one-back", contents)
        try client.requireStored("one", contents)
        try client.requireStored("two", contents)
        try client.shown(version(), "reput, put -a")
    }

    @Test func copiesOnTheServer() throws {
        let contents = Data.random(2_000_003)
        try server.scratch.file("up", contents)
        try client.passed(server.sftp("alice", "put up one\ncp one two\nget two two-back\ncp two one"))
        try client.requireLocal("two-back", contents)
        try client.requireStored("two", contents)
        try client.requireStored("one", contents)
        try client.shown(version(), "cp on the server")
    }

    /// An upload that is killed half-way is listed with what has arrived, cannot be fetched, and can be continued.
    @Test func continuesAnUploadThatWasCutOff() throws {
        let contents = Data.random(32 << 20)
        try server.scratch.file("up", contents)
        let killed = try server.startSFTP("alice", "put up file")
        try waitUntil("some has arrived") { (try? self.draftSize()) ?? 0 > 1 << 20 }
        killed.signal(SIGKILL)
        _ = killed.wait()
        try waitUntil("the session has ended") { self.server.sessions.isEmpty }
        let get = try server.sftp("alice", "get file down")
        try client.require(get.status != 0, "get of a partial succeeded")
        try client.passed(server.sftp("alice", "ls -l file\nreput up file\nget file down"))
        try client.requireLocal("down", contents)
        try client.requireStored("file", contents)
        try client.shown(version(), "reput of an upload that was cut off")
    }

    /// How much of the one upload that is going on has been stored.
    private func draftSize() throws -> Int {
        let directory = server.data.appending(path: ".cryptsftp-drafts")
        let drafts = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try drafts.map {
            try FileManager.default.attributesOfItem(atPath: directory.appending(path: $0).path)[.size] as? Int ?? 0
        }.max() ?? 0
    }
}

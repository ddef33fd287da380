import Foundation
import SFTP
import TestSupport
import Testing

/// OpenSSH's clients against the running server, and stock gpg on what it stored.
@Suite(.serialized) struct TransferTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "rw")]) }

    private func roundTrip(_ contents: Data, _ name: String) throws {
        try server.scratch.file("up", contents)
        let run = try server.sftp("alice", "put up \(name)\nget \(name) down")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Data(contentsOf: server.scratch.url.appending(path: "down")) == contents)
        let recovered = try server.recover("alice/\(name).gpg")
        #expect(recovered.status == 0, "\(recovered.errors)")
        #expect(recovered.output == contents)
    }

    @Test(arguments: [0, 1, 511, 512, 8191, 8192, 8193, 32767, 32768, 32769, 65536, 1 << 20, 100 << 20])
    func everySize(count: Int) throws {
        try roundTrip(Data.random(count), "random-\(count)")
        try roundTrip(Data(repeating: UInt8(ascii: "\n"), count: count), "newlines-\(count)")
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        #expect(try wire.size("/random-\(count)") == UInt64(count))
    }

    @Test(arguments: [
        "with space", "quote'single", "quote\"double", "Ünïcödé-日本語-🗝", "-leading-dash", "back\\slash", "star*",
        "a.gpg",
        ".hidden", "tab\there",
    ])
    func everyName(name: String) throws {
        let contents = Data("contents of \(name)".utf8)
        try server.scratch.file("up", contents)
        let quoted = "\"./" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        let run = try server.sftp("alice", "put up \(quoted)\nget \(quoted) down\nls -la")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Data(contentsOf: server.scratch.url.appending(path: "down")) == contents)
        #expect(try server.recover("alice/\(name).gpg").output == contents)
    }

    @Test func wholeTrees() throws {
        let tree = server.scratch.url.appending(path: "tree")
        for directory in ["", "a", "a/b", "empty"] {
            try FileManager.default.createDirectory(
                at: tree.appending(path: directory), withIntermediateDirectories: true)
        }
        for (index, name) in ["one", "a/two", "a/b/three", "a/b/four and more"].enumerated() {
            try Data.random(1000 * index, seed: UInt64(index)).write(to: tree.appending(path: name))
        }
        let run = try server.sftp("alice", "put -r tree\nget -r tree back")
        #expect(run.status == 0, "\(run.errors)")
        let difference = try Command.run(
            "diff", ["-r", tree.path, server.scratch.path("back")])
        #expect(difference.status == 0, "\(difference.text)")
        #expect(FileManager.default.fileExists(atPath: server.data.appending(path: "alice/tree/a/b/three.gpg").path))
    }

    @Test func timesAndPermissionsAreKept() throws {
        let file = try server.scratch.file("dated", Data("x".utf8), mode: 0o640)
        let date = Date(timeIntervalSince1970: 1_234_567_890)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
        let run = try server.sftp("alice", "put -p dated\nget -p dated dated-back\nls -l dated")
        #expect(run.status == 0, "\(run.errors)")
        for path in [server.scratch.path("dated-back"), server.data.appending(path: "alice/dated.gpg").path] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.modificationDate] as? Date == date)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
        }
        #expect(run.text.contains("-rw-r-----") && run.text.contains("Feb 13  2009"))
    }

    @Test func directoriesRenamesAndRemovals() throws {
        try server.scratch.file("up", Data("text".utf8))
        let run = try server.sftp(
            "alice",
            """
            mkdir f
            put up f/one
            put up f/two
            rename f/one f/three
            rename f/two f/three
            rename f g
            ls -1 g
            rm g/three
            rmdir g
            df
            df -h
            chmod 600 .
            """)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains("g/three"))
        #expect(run.text.contains("%Capacity"))
        #expect(!FileManager.default.fileExists(atPath: server.data.appending(path: "alice/g").path))
    }

    @Test func failuresAreFailures() throws {
        try server.scratch.file("up", Data("text".utf8))
        _ = try server.sftp("alice", "mkdir full\nput up full/one")
        for command in [
            "get nothing", "rm nothing", "rmdir full", "mkdir full", "rename nothing other", "put up nowhere/up",
            "cd nowhere",
            "rmdir full/one", "rm full", "ln full/one hard", "ln -s full soft", "put up full",
        ] {
            // The last is no failure for sftp: it puts the file into the directory.
            let isFailure = command != "put up full"
            #expect((try server.sftp("alice", command).status != 0) == isFailure, "\(command)")
        }
        #expect(try server.recover("alice/full/one.gpg").output == Data("text".utf8))
    }

    @Test func copiesWithScp() throws {
        let contents = Data.random(70_000)
        try server.scratch.file("up", contents)
        #expect(try server.scp("alice", ["-p", "up", "remote:copied"]).status == 0)
        #expect(try server.scp("alice", ["remote:copied", "copied-back"]).status == 0)
        #expect(try Data(contentsOf: server.scratch.url.appending(path: "copied-back")) == contents)
        // Over an older version, longer and shorter: scp does not truncate, it sets the size at the end.
        for count in [70_000, 90_000, 10, 0, 5] {
            let contents = Data.random(count, seed: 3)
            try server.scratch.file("up", contents)
            #expect(try server.scp("alice", ["up", "remote:copied"]).status == 0)
            #expect(try server.recover("alice/copied.gpg").output == contents)
        }
        #expect(try server.scp("alice", ["remote:nothing", "x"]).status != 0)
    }

    @Test func manySmallFilesInOneSession() throws {
        let directory = server.scratch.url.appending(path: "many")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for index in 0..<200 {
            try Data.random(index, seed: UInt64(index)).write(to: directory.appending(path: "f\(index)"))
        }
        let run = try server.sftp("alice", "put -r many\nget -r many many-back")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Command.run("diff", ["-r", directory.path, server.scratch.path("many-back")]).status == 0)
    }

    @Test func severalClientsAtOnce() async throws {
        let server = server
        try server.scratch.file("shared-up", Data.random(3 << 20))
        let scratch = server.scratch.path("")
        let runs = (0..<4).map { index in
            (index, Result { try server.startSFTP("alice", "put shared-up c\(index)\nget c\(index) c\(index)-back") })
        }
        for (index, run) in runs {
            #expect(try run.get().wait(seconds: 600) == 0)
            #expect(try Command.run("cmp", [scratch + "/shared-up", scratch + "/c\(index)-back"]).status == 0)
        }
    }

    /// Kibibytes that the largest session has had at most.
    private var largestPeak: Int {
        server.sessions.compactMap { ProcessTable.figure("VmHWM", of: $0) }.max() ?? 0
    }

    @Test func oneSessionStaysSmall() throws {
        let big = server.scratch.path("big")
        let count = Effort.count(256 << 20, full: 1 << 30)
        #expect(try Command.run("sh", ["-c", "head -c \(count) /dev/urandom > \(big)"]).status == 0)
        let transfer = try server.startSFTP("alice", "put big\nget big big-back")
        var peak = 0
        while transfer.isRunning {
            peak = max(peak, largestPeak)
            usleep(100_000)
        }
        #expect(transfer.wait(seconds: 600) == 0)
        #expect(try Command.run("cmp", [big, big + "-back"]).status == 0)
        print("resident memory of a session while \(count >> 20) MiB went up and down: \(peak) KiB at its peak")
        #expect((1...96 << 10).contains(peak))

        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/big", [.read, .write]))
        let change = [UInt8](Data.random(4096))
        let place = count / 2 + 1
        #expect(try wire.ask(RequestWriter.write(handle, at: UInt64(place), change)) == .ok)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        peak = largestPeak
        wire.close()
        print("resident memory of a session that changed 4 KiB of them: \(peak) KiB at its peak")
        #expect((1...96 << 10).contains(peak))
        let local = try FileHandle(forUpdating: URL(filePath: big))
        try local.seek(toOffset: UInt64(place))
        try local.write(contentsOf: change)
        let stored = try server.ssh("alice", ["sha256sum", "big"]).text
        let expected = try Command.run("sha256sum", ["big"], in: server.scratch.url).text
        #expect(stored == expected)
        for name in ["big", "big-back"] { try FileManager.default.removeItem(atPath: server.scratch.path(name)) }
    }
}

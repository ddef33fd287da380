import Foundation
import SFTP
import TestSupport
import Testing

/// Logins by public key: an owner's machines that add to the home, night after night.
@Suite(.serialized) struct KeyLoginTests {
    private let server: RunningServer
    private let options: [String]

    init() throws {
        server = try RunningServer([("alice", "rw")])
        let key = server.scratch.path("id")
        #expect(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
        let file = key + ".pub"
        let set = ["user", "set", "alice", "--authorized-key", file, "-c", server.configuration.path]
        #expect(try Command.run(RunningServer.program, set).status == 0)
        options = ["-i", key, "-oPreferredAuthentications=publickey"]
    }

    private func byKey(_ commands: String) throws -> Command {
        try server.sftp("alice", commands, options: options)
    }

    private var stored: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: server.data.appending(path: "alice").path)) ?? [])
            .sorted()
    }

    /// Makes what is stored, and booked, old: it is given an earlier time, and the server is another one.
    private func sleepUntilTomorrow(_ night: Int) throws {
        for name in stored where name.hasPrefix("backup.") {
            let time = Date(timeIntervalSince1970: 1_764_000_000 + Double(night) * 86400)
            try FileManager.default.setAttributes(
                [.modificationDate: time], ofItemAtPath: server.data.appending(path: "alice/\(name)").path)
        }
        try server.restart()
    }

    /// `sftp -b` of the same batch, with times, in a directory that is there already from the second night on.
    @Test func theSameBatchWorksEveryNight() throws {
        for night in 1...3 {
            try server.scratch.file("backup.tar", Data("night \(night)".utf8))
            let run = try byKey("-mkdir nightly\nput backup.tar\nput -p backup.tar nightly/backup.tar\nls -l")
            #expect(run.status == 0, "night \(night): \(run.errors)")
            #expect(stored.count == night + 1, "\(stored)")
            #expect(try server.recover("alice/backup.tar.gpg").output == Data("night \(night)".utf8))
            #expect(try server.recover("alice/nightly/backup.tar.gpg").output == Data("night \(night)".utf8))
            try sleepUntilTomorrow(night)
        }
        let older = stored.filter { $0.wholeMatch(of: /backup \(2025-11-2\d \d\d\.\d\d\)\.tar\.gpg/) != nil }
        #expect(older.count == 2, "\(stored)")
        let contents = try Set(older.map { try server.recover("alice/\($0)").output })
        #expect(contents == [Data("night 1".utf8), Data("night 2".utf8)])
        // The owner finds them under names without the suffix, and may remove them.
        let name = try #require(older.first).dropLast(4)
        #expect(try server.sftp("alice", "get \"\(name)\" down\nrm \"\(name)\"").status == 0)
        #expect(try byKey("rm \"\(try #require(older.last).dropLast(4))\"").status != 0)
        // scp sends no TRUNC, and the size at the end.
        try server.scratch.file("backup.tar", Data("night 4, by scp, longer".utf8))
        let before = stored.count
        let copy = try Command.run(
            "scp", server.sshOptions + options + ["-p", "-P", server.port, "backup.tar", "alice@127.0.0.1:"],
            in: server.scratch.url)
        #expect(copy.status == 0, "\(copy.errors)")
        #expect(stored.count == before + 1, "\(stored)")
        #expect(try server.recover("alice/backup.tar.gpg").output == Data("night 4, by scp, longer".utf8))
    }

    /// Within a quarter of an hour the same key may repair what it has sent, on another connection.
    @Test func whatWasJustSentMayBeChanged() throws {
        try server.scratch.file("up", Data("first".utf8))
        #expect(try server.sftp("alice", "mkdir theirs\nput up theirs/file\nput up old").status == 0)
        #expect(try byKey("put up mine").status == 0)
        try server.scratch.file("up", Data("second".utf8))
        #expect(try byKey("put up mine\nchmod 640 mine\nrename mine yours").status == 0)
        #expect(stored == ["old.gpg", "theirs", "yours.gpg"])
        #expect(try server.recover("alice/yours.gpg").output == Data("second".utf8))
        for command in [
            "rm theirs/file", "rm theirs/file.gpg", "rename theirs/file x", "rename theirs x", "rmdir theirs",
            "chmod 600 theirs/file", "chmod 700 theirs", "rm old", "rename old new",
        ] {
            #expect(try byKey(command).status != 0, "\(command)")
        }
        #expect(try byKey("rm yours").status == 0)
        #expect(try server.recover("alice/theirs/file.gpg").output == Data("first".utf8))
        #expect(stored == ["old.gpg", "theirs"])
    }

    @Test func onExistsRefuseIsTheOtherChoice() throws {
        let set = ["user", "set", "alice", "--on-exists", "refuse", "-c", server.configuration.path]
        #expect(try Command.run(RunningServer.program, set).status == 0)
        try server.scratch.file("up", Data("first".utf8))
        #expect(try server.sftp("alice", "put up file").status == 0)
        let refused = try byKey("put up file")
        #expect(refused.status != 0, "\(refused.errors)")
        #expect(try byKey("put up other\nput up other").status == 0)
        #expect(stored == ["file.gpg", "other.gpg"])
    }

    /// rclone's defaults: four connections' worth of transfers, and times that are set after each of them.
    @Test func rcloneCopiesSyncsAndChecks() throws {
        guard (try? Command.run("rclone", ["version"]).status) == 0 else { return print("skipped: no rclone") }
        let tree = server.scratch.url.appending(path: "tree/a/b")
        try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
        for number in 0..<200 {
            let place = number % 3 == 0 ? "tree" : number % 3 == 1 ? "tree/a" : "tree/a/b"
            try server.scratch.file("\(place)/file \(number)", Data.random(number * 37, seed: UInt64(number)))
        }
        let environment = [
            "RCLONE_SFTP_HOST": "127.0.0.1", "RCLONE_SFTP_PORT": server.port, "RCLONE_SFTP_USER": "alice",
            "RCLONE_SFTP_KEY_FILE": server.scratch.path("id"), "RCLONE_CONFIG": server.scratch.path("rclone.conf"),
            "HOME": server.scratch.url.path,
        ]
        for arguments in [
            ["copy", "tree", ":sftp:copied"], ["sync", "tree", ":sftp:synced"],
            ["sync", "tree", ":sftp:synced"], ["check", "tree", ":sftp:copied"], ["check", "tree", ":sftp:synced"],
        ] {
            let run = try Command.run("rclone", arguments, environment: environment, in: server.scratch.url)
            #expect(run.status == 0, "\(arguments): \(run.errors)")
        }
        for place in ["copied", "synced"] {
            let names = try FileManager.default.subpathsOfDirectory(
                atPath: server.data.appending(path: "alice/\(place)").path)
            #expect(names.count { $0.hasSuffix(".gpg") } == 200)
        }
    }

    /// Another session renames the directory, or puts another one in its place, while a file in it is being written.
    @Test func aDirectoryThatWasExchangedGetsNoFile() throws {
        let key = try server.wire("alice", options: options)
        let owner = try server.wire("alice")
        for wire in [key, owner] { _ = try wire.initialize() }
        #expect(try key.ask(RequestWriter.onPath(.mkdir, "/inbox", FileAttributes())) == .ok)
        let handle = try #require(try owner.open("/inbox/report", [.write, .create, .truncate]))
        #expect(try owner.ask(RequestWriter.write(handle, at: 0, [1])) == .ok)
        #expect(try key.ask(RequestWriter.onPaths(.rename, "/inbox", "/outbox"))?.code == 3)
        #expect(try key.ask(RequestWriter.onPaths(.rmdir, "/inbox")) == .ok)
        #expect(try key.ask(RequestWriter.onPath(.mkdir, "/inbox", FileAttributes())) == .ok)
        #expect(try owner.ask(RequestWriter.onHandle(.close, handle))?.code == 4)
        // The other way round: the owner moves the directory in which the other session writes.
        let mine = try #require(try key.open("/inbox/mine", [.write, .create, .truncate]))
        #expect(try key.ask(RequestWriter.write(mine, at: 0, [1])) == .ok)
        #expect(try owner.ask(RequestWriter.onPaths(.rename, "/inbox", "/elsewhere")) == .ok)
        #expect(try key.ask(RequestWriter.onHandle(.close, mine))?.code == 4)
        #expect(stored == ["elsewhere"])
    }

    /// The file system may give a new directory of the owner the inode number of one that the key had made.
    @Test func aReusedInodeIsNotOnesOwn() throws {
        let key = try server.wire("alice", options: options)
        let owner = try server.wire("alice")
        for wire in [key, owner] { _ = try wire.initialize() }
        for _ in 0..<10 {
            #expect(try key.ask(RequestWriter.onPath(.mkdir, "/inbox", FileAttributes())) == .ok)
            #expect(try owner.ask(RequestWriter.onPaths(.rmdir, "/inbox")) == .ok)
            #expect(try owner.ask(RequestWriter.onPath(.mkdir, "/inbox", FileAttributes())) == .ok)
            #expect(try key.ask(RequestWriter.onPaths(.rmdir, "/inbox"))?.code == 3)
            #expect(try owner.ask(RequestWriter.onPaths(.rmdir, "/inbox")) == .ok)
            #expect(try key.upload("/file", Data([1])) == .ok)
            #expect(try owner.upload("/file", Data([2])) == .ok)
            #expect(try key.ask(RequestWriter.onPaths(.remove, "/file"))?.code == 3)
            #expect(try owner.ask(RequestWriter.onPaths(.remove, "/file")) == .ok)
        }
    }
}

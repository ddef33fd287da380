import Foundation
import SFTP
import TestSupport
import Testing

/// What strangers can do with a write-only account, and what they cannot.
@Suite(.serialized) struct WriteOnlyTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "rw"), ("drop", "wo")]) }

    private func bytes(_ name: String) throws -> Data { try Data(contentsOf: server.scratch.url.appending(path: name)) }

    @Test(arguments: ["anything", "x", "correct horse battery stapl", "correct horse battery staple "])
    func anyPasswordGetsCipherTextThatStockGPGOpens(password: String) throws {
        let contents = Data.random(50_000)
        try server.scratch.file("up", contents)
        let run = try server.sftp(
            "drop", "put up form\nls -l\nget form by-name\nget form.gpg by-stored-name", password: password)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains("form.gpg"))
        let stored = try Data(contentsOf: server.data.appending(path: "drop/form.gpg"))
        #expect(try bytes("by-name") == stored)
        #expect(try bytes("by-stored-name") == stored)
        #expect(try server.recover("drop/form.gpg", user: "drop").output == contents)
    }

    @Test func theRightPassphraseGetsThePlaintext() throws {
        let contents = Data.random(5000)
        try server.scratch.file("up", contents)
        #expect(try server.sftp("drop", "put up form", password: "stranger").status == 0)
        let run = try server.sftp("drop", "ls -1\nget form down\nrm form")
        #expect(run.status == 0, "\(run.errors)")
        #expect(!run.text.contains("form.gpg"))
        #expect(try bytes("down") == contents)
    }

    @Test func anRWAccountTakesOnlyItsPassphrase() throws {
        for password in ["wrong password", "", "correct horse battery stapl"] {
            #expect(try server.sftp("alice", "ls", password: password).status != 0)
            #expect(try server.sftp("nobody", "ls", password: password).status != 0)
            // The owner gets in, and failures before that delay no login any more.
            #expect(try server.sftp("alice", "ls").status == 0)
        }
    }

    @Test func whatOthersHaveUploadedStaysAsItIs() throws {
        try server.scratch.file("up", Data("mine".utf8))
        #expect(try server.sftp("drop", "mkdir box\nput up box/form\nput up other").status == 0)
        let before = try Data(contentsOf: server.data.appending(path: "drop/box/form.gpg"))
        for command in [
            "put up box/form", "rm box/form", "rm box/form.gpg", "rename box/form box/new", "rename box/form.gpg x",
            "rename box other-box", "rmdir box", "chmod 600 box/form", "chmod 600 box/form.gpg",
            "rename other box/form",
            "rename other.gpg box/form.gpg",
        ] {
            #expect(try server.sftp("drop", command, password: "stranger").status != 0, "\(command)")
        }
        #expect(try Data(contentsOf: server.data.appending(path: "drop/box/form.gpg")) == before)
        #expect(FileManager.default.fileExists(atPath: server.data.appending(path: "drop/other.gpg").path))
    }

    @Test func whatTheSessionHasUploadedItMayChange() throws {
        try server.scratch.file("up", Data("first".utf8))
        try server.scratch.file("second", Data("second, longer".utf8))
        // As WinSCP does: a part under another name, and then its real one.
        let run = try server.sftp(
            "drop",
            """
            mkdir mine
            put -p up mine/form.filepart
            rename mine/form.filepart mine/form
            put second mine/form
            chmod 640 mine/form
            put up mine/gone
            rm mine/gone
            rename mine yours
            put second yours/more
            """, password: "stranger")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try server.recover("drop/yours/form.gpg", user: "drop").output == Data("second, longer".utf8))
        #expect(!FileManager.default.fileExists(atPath: server.data.appending(path: "drop/yours/gone.gpg").path))
    }

    @Test func itsOwnUploadHasTheSizeThatWasSent() throws {
        let wire = try server.wire("drop", password: "stranger")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/form", [.write, .create, .truncate]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try wire.size("/form") == 3)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(try wire.size("/form") == 3)
        let stored = try Data(contentsOf: server.data.appending(path: "drop/form.gpg"))
        #expect(try wire.size("/form.gpg") == UInt64(stored.count))
    }

    /// The name was free when the stranger opened it; the owner's file has it when the stranger closes.
    @Test func anOpenUploadTakesNothingFromTheOwner() throws {
        try server.scratch.file("up", Data("the owner's".utf8))
        let wire = try server.wire("drop", password: "stranger")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/form", [.write, .create, .truncate]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try server.sftp("drop", "put up form").status == 0)
        #expect(try wire.ask(RequestWriter.onPaths(.remove, "/form"))?.code == 3)
        #expect(try wire.ask(RequestWriter.onPaths(.rename, "/form", "/moved"))?.code == 3)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle))?.code == 4)
        #expect(try server.recover("drop/form.gpg", user: "drop").output == Data("the owner's".utf8))
    }

    /// The file system may give the owner's new file the inode number of the stranger's old one.
    @Test func aReusedInodeIsNotOnesOwn() throws {
        let wire = try server.wire("drop", password: "stranger")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/form", [.write, .create, .truncate]))
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        try server.scratch.file("up", Data("the owner's".utf8))
        #expect(try server.sftp("drop", "put up form\nput up form\nput up form").status == 0)
        #expect(try wire.ask(RequestWriter.onPaths(.remove, "/form"))?.code == 3)
        let stored = try Data(contentsOf: server.data.appending(path: "drop/form.gpg"))
        #expect(try wire.size("/form") == UInt64(stored.count))
    }

    @Test func anOwnersLoginChangesNoOtherSession() throws {
        let wire = try server.wire("drop", password: "stranger")
        _ = try wire.initialize()
        try server.scratch.file("up", Data("secret".utf8))
        #expect(try server.sftp("drop", "put up secret").status == 0)
        let owner = try server.wire("drop")
        _ = try owner.initialize()
        #expect(try owner.size("/secret") == 6)
        let handle = try #require(try wire.open("/secret", .read))
        guard case .data(let bytes)? = try wire.ask(RequestWriter.read(handle, at: 0, 1000)) else {
            Issue.record("no data")
            return
        }
        #expect(Data(bytes) == (try Data(contentsOf: server.data.appending(path: "drop/secret.gpg"))))
        // A wrong password afterwards does not disturb the owner either.
        _ = try server.sftp("drop", "ls", password: "wrong")
        #expect(try owner.size("/secret") == 6)
    }

    @Test func aStrangersSessionHoldsNoSecretKey() throws {
        let wire = try server.wire("drop", password: "stranger")
        _ = try wire.initialize()
        let session = try #require(server.sessions.first)
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(session)/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(session)/fd/\($0)")
        }
        #expect(!descriptors.contains { $0.contains("private-keys") })
        // The session holds a lock on its private directory.
        let homes = descriptors.filter { $0.contains("/.cryptsftp-session-") }
        #expect(!homes.isEmpty)
        for home in homes {
            let names = FileManager.default.enumerator(atPath: home)?.compactMap { $0 as? String } ?? []
            #expect(
                names.contains { $0.hasSuffix("pubring.kbx") } && !names.contains { $0.hasSuffix(".key") }, "\(names)")
        }
    }

    @Test func aPublicKeyLogsInToTheCipherText() throws {
        let key = server.scratch.path("id")
        #expect(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
        let line = try String(contentsOfFile: key + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines)
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        let changed = text.replacing("\nname = \"alice\"", with: "\nname = \"alice\"\nauthorized_keys = [\"\(line)\"]")
        try Data(changed.utf8).write(to: server.configuration)
        try server.scratch.file("up", Data("nightly".utf8))
        let options = ["-i", key, "-oPreferredAuthentications=publickey"]
        let run = try server.sftp("alice", "put up backup\nget backup down", options: options)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try bytes("down") == Data(contentsOf: server.data.appending(path: "alice/backup.gpg")))
        #expect(try server.sftp("alice", "get backup down").status == 0)
        #expect(try bytes("down") == Data("nightly".utf8))
        // Another key, and the key for another user, are refused.
        #expect(try server.sftp("drop", "ls", options: options).status != 0)
        #expect(try Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key + "2"]).status == 0)
        #expect(
            try server.sftp("alice", "ls", options: ["-i", key + "2", "-oPreferredAuthentications=publickey"]).status
                != 0)
    }

    @Test func othersFilesCanBeHidden() throws {
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        try Data(text.replacing("name = \"drop\"", with: "name = \"drop\"\nwo_list = \"own\"").utf8)
            .write(to: server.configuration)
        try server.scratch.file("up", Data("x".utf8))
        #expect(try server.sftp("drop", "put up theirs").status == 0)
        let run = try server.sftp("drop", "put up mine\nls -1", password: "stranger")
        #expect(run.text.contains("mine.gpg") && !run.text.contains("theirs"))
        for command in ["get theirs", "get theirs.gpg", "rm theirs", "put up theirs"] {
            #expect(try server.sftp("drop", command, password: "stranger").status != 0)
        }
    }

    /// Opened without TRUNC, given times, closed without a write: as `touch` does over a mount.
    @Test func touchingOnesOwnFileKeepsItOnesOwnAndTouchesNoOther() throws {
        let wire = try server.wire("drop", password: "stranger")
        _ = try wire.initialize()
        func touch(_ time: UInt32, meanwhile: () throws -> Void = {}) throws -> Reply? {
            let handle = try #require(try wire.open("/form", [.write, .create]))
            try meanwhile()
            let times = FileAttributes(times: .init(access: time, modification: time))
            #expect(try wire.ask(RequestWriter.fsetstat(handle, times)) == .ok)
            return try wire.ask(RequestWriter.onHandle(.close, handle))
        }
        #expect(try touch(1_000_000_000) == .ok)
        #expect(try touch(1_100_000_000) == .ok)
        #expect(try touch(1_200_000_000) == .ok)
        try server.scratch.file("up", Data("the owner's".utf8))
        let refused = try touch(1_300_000_000) {
            let put = try server.sftp("drop", "put up form")
            #expect(put.status == 0)
        }
        #expect(refused?.code == 3)
        let stored = server.data.appending(path: "drop/form.gpg").path
        let date = try FileManager.default.attributesOfItem(atPath: stored)[.modificationDate] as? Date
        #expect(date?.timeIntervalSince1970 != 1_300_000_000)
    }
}

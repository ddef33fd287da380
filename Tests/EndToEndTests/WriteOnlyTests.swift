import Foundation
import SFTP
import TestSupport
import Testing

/// Logins that are not the owner's: visits to a write-only account, and public keys.
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
        // It is listed as it was sent: a client that compares finds its own names and sizes.
        #expect(run.text.contains(/\s50000 .* form\n/), "\(run.text)")
        let visit = try server.visit()
        let stored = try Data(contentsOf: server.data.appending(path: "\(visit)/form.gpg"))
        #expect(try bytes("by-name") == stored)
        #expect(try bytes("by-stored-name") == stored)
        #expect(try server.recover("\(visit)/form.gpg", user: "drop").output == contents)
    }

    @Test func theRightPassphraseGetsThePlaintext() throws {
        let contents = Data.random(5000)
        try server.scratch.file("up", contents)
        #expect(try server.sftp("drop", "put up form", password: "visitor").status == 0)
        let visit = try server.visit().dropFirst(5)
        let run = try server.sftp("drop", "ls -1\nget \"\(visit)/form\" down\nrm \"\(visit)/form\"")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains(visit))
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

    /// Two visitors, and the owner, use the same names; none of them meets another.
    @Test func nothingIsShared() throws {
        for (name, password) in [("owner", RunningServer.passphrase), ("one", "one"), ("two", "two")] {
            try server.scratch.file("up", Data("of \(name)".utf8))
            let run = try server.sftp("drop", "mkdir box\nput up box/form\nput up other", password: password)
            #expect(run.status == 0, "\(name): \(run.errors)")
        }
        let visits = try server.visits()
        #expect(visits.count == 2)
        #expect(try server.recover("drop/box/form.gpg", user: "drop").output == Data("of owner".utf8))
        let found = try Set(visits.map { try server.recover("drop/\($0)/box/form.gpg", user: "drop").output })
        #expect(found == [Data("of one".utf8), Data("of two".utf8)])
        // No path leads to what is beside.
        for visit in visits {
            for place in ["../box/form", "../\(visit)/box/form", "../\(visit)/../box/form.gpg"] {
                #expect(try server.sftp("drop", "get \"\(place)\" x", password: "three").status != 0, "\(place)")
            }
        }
        let listed = try server.sftp("drop", "ls -1a ..", password: "three")
        #expect(listed.status == 0 && !listed.text.contains("box"), "\(listed.text)")
    }

    /// A visit is its connections, one after the other and at once.
    @Test func aVisitGoesOnOverItsConnections() throws {
        let one = try server.wire("drop", password: "visitor")
        _ = try one.initialize()
        let two = try server.wire("drop", password: "visitor")
        _ = try two.initialize()
        #expect(try one.upload("/a", Data("first".utf8)) == .ok)
        #expect(try two.size("/a") == 5)
        #expect(try two.ask(RequestWriter.onPaths(.rename, "/a", "/b")) == .ok)
        #expect(try one.upload("/b", Data("second".utf8)) == .ok)
        for wire in [one, two] { wire.close() }
        try waitUntil("the sessions have ended") { server.sessions.isEmpty }
        let again = try server.wire("drop", password: "visitor")
        _ = try again.initialize()
        #expect(try again.names(in: "/") == ["b"])
        #expect(try again.size("/b") == 6)
        #expect(try again.ask(RequestWriter.onPaths(.remove, "/b")) == .ok)
        #expect(try server.visits().count == 1)
        again.close()
        // Nothing is in it: nothing is left of it.
        try waitUntil("the directory is removed") { try server.visits().isEmpty }
    }

    @Test func emptyDirectoriesOfVisitsDoNotPileUp() throws {
        let wire = try server.wire("drop", password: "visitor")
        _ = try wire.initialize()
        #expect(try server.visits().count == 1)
        let other = try server.wire("drop", password: "other")
        _ = try other.initialize()
        #expect(try other.upload("/file", Data([1])) == .ok)
        #expect(try server.visits().count == 2)
        // A server that was killed could not clean up; the next one does, and leaves what has files in it.
        try server.restart()
        #expect(try server.visits().count == 1)
        #expect(
            try FileManager.default.contentsOfDirectory(
                atPath: server.data.appending(path: server.visit()).path) == ["file.gpg"])
    }

    /// The owner may put the directory away while the visitor is connected.
    @Test func aVisitWhoseDirectoryWasRenamedGetsAnother() throws {
        let wire = try server.wire("drop", password: "visitor")
        _ = try wire.initialize()
        #expect(try wire.upload("/a", Data([1])) == .ok)
        let name = try server.visit().dropFirst(5)
        #expect(try server.sftp("drop", "rename \"\(name)\" done").status == 0)
        let next = try server.wire("drop", password: "visitor")
        _ = try next.initialize()
        #expect(try next.names(in: "/") == [])
        #expect(try next.upload("/b", Data([2])) == .ok)
        #expect(try server.visits().count == 1)
        #expect(FileManager.default.fileExists(atPath: server.data.appending(path: "drop/done/a.gpg").path))
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
            """, password: "visitor")
        #expect(run.status == 0, "\(run.errors)")
        let visit = try server.visit()
        #expect(try server.recover("\(visit)/yours/form.gpg", user: "drop").output == Data("second, longer".utf8))
        #expect(!FileManager.default.fileExists(atPath: server.data.appending(path: "\(visit)/yours/gone.gpg").path))
    }

    @Test func itsOwnUploadHasTheSizeThatWasSent() throws {
        let wire = try server.wire("drop", password: "visitor")
        _ = try wire.initialize()
        let handle = try #require(try wire.open("/form", [.write, .create, .truncate]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try wire.size("/form") == 3)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(try wire.size("/form") == 3)
        let stored = try Data(contentsOf: server.data.appending(path: "\(server.visit())/form.gpg"))
        #expect(try wire.size("/form.gpg") == UInt64(stored.count))
    }

    @Test func aVisitorsSessionHoldsNoSecretKey() throws {
        let wire = try server.wire("drop", password: "visitor")
        _ = try wire.initialize()
        let monitor = try #require(server.monitors.first)
        let descriptors = try (server.sessions + [monitor]).flatMap { process in
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
            }
        }
        #expect(!descriptors.contains { $0.contains("private-keys") })
        // The monitor holds a lock on the private directory.
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
        let run = try server.sftp("alice", "put up backup\nget backup.gpg down", options: options)
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
}

import Foundation
import SFTP
import TestSupport
import Testing

/// What FAT and exFAT do otherwise than other file systems, and real clients on them.
@Suite(.serialized) final class StickTests {
    /// What has to last as long as the test.
    private var kept: [AnyObject] = []

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: Stick.available) func ordinaryClientsWork(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        kept.append(stick)
        let server = try RunningServer([("alice", "rw")], data: stick.mount)
        kept.append(server)
        let contents = Data.random(3_000_000, seed: 5)
        for directory in ["tree/a/b.", "tree/con"] {
            try FileManager.default.createDirectory(
                at: server.scratch.url.appending(path: directory), withIntermediateDirectories: true)
        }
        let files = ["tree/what? \"this\".txt", "tree/a/b./10:30", "tree/con/README", "tree/con/readme"]
        for file in files { try server.scratch.file(file, contents + Data(file.utf8)) }
        let put = try server.sftp(
            "alice", "put -rp tree\nls -l tree\nrename tree/con/readme tree/con/ReadMe\nget -rp tree back")
        #expect(put.status == 0, "\(put.errors)")
        let differences = try Command.run("diff", ["-r", "tree", "back"], in: server.scratch.url)
        let lines = Set(differences.text.split(separator: "\n"))
        #expect(lines == ["Only in back/con: ReadMe", "Only in tree/con: readme"], "\(differences.text)")
        #expect(try server.sftp("alice", "rename tree/con/ReadMe tree/con/readme").status == 0)
        // Times are kept, to the two seconds of FAT.
        for file in files.prefix(3) {
            let times = try [file, file.replacing(/^tree/, with: "back")].map { path in
                let attributes = try FileManager.default.attributesOfItem(atPath: server.scratch.path(path))
                return (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            }
            #expect(abs(times[0] - times[1]) < 2.001, "\(file): \(times)")
        }

        let obscured = try Command.run("rclone", ["obscure", RunningServer.passphrase]).text
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let environment = [
            "RCLONE_SFTP_HOST": "127.0.0.1", "RCLONE_SFTP_PORT": server.port, "RCLONE_SFTP_USER": "alice",
            "RCLONE_SFTP_PASS": obscured, "RCLONE_CONFIG": server.scratch.path("rclone.conf"),
            "HOME": server.scratch.url.path,
        ]
        for arguments in [
            ["sync", "--modify-window", "2s", "tree", ":sftp:synced"], ["check", "--download", "tree", ":sftp:synced"],
            ["check", "--download", "tree", ":sftp:tree"], ["copy", ":sftp:synced", "copied"],
        ] {
            let run = try Command.run("rclone", arguments, environment: environment, in: server.scratch.url)
            #expect(run.status == 0, "\(arguments): \(run.errors)")
        }
        #expect(try Command.run("diff", ["-r", "tree", "copied"], in: server.scratch.url).status == 0)
        // A second sync has nothing to do: names, sizes and times are what it left.
        let again = try Command.run(
            "rclone", ["sync", "-v", "--modify-window", "2s", "tree", ":sftp:synced"], environment: environment,
            in: server.scratch.url)
        #expect(again.status == 0 && !again.errors.contains(": Copied"), "\(again.errors)")
    }

    @Test(arguments: Stick.available) func aVisitorHasADirectoryAndChangesNothingElse(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        kept.append(stick)
        let server = try RunningServer([("drop", "wo")], data: stick.mount)
        kept.append(server)
        let owner = try server.wire("drop")
        _ = try owner.initialize()
        for name in ["README", "form", "a:b"] {
            try #require(try owner.put(bytes("/\(name)"), bytes("the owner's \(name)")) == .ok)
        }
        let visitor = try server.wire("drop", password: "visitor")
        _ = try visitor.initialize()
        // As WinSCP does: a part under another name, and then its real one.
        let first = try visitor.put(bytes("/mine.filepart"), bytes("mine"))
        try #require(first == .ok, "\(String(describing: first))")
        try #require(try visitor.rename(bytes("/mine.filepart"), bytes("/mine?")) == .ok)
        try #require(try visitor.put(bytes("/mine?"), bytes("mine, again")) == .ok)
        try #require(try visitor.put(bytes("/readme"), bytes("beside")) == .ok)
        try #require(try visitor.put(bytes("/README"), bytes("another")) == .ok)
        try #require(try visitor.makeDirectory(bytes("/Box ")) == .ok)
        try #require(try visitor.put(bytes("/Box /x"), bytes("x")) == .ok)
        // fusefat loses what is in a directory that is renamed.
        let renamesDirectories = kind != .FAT || stick.driver == nil
        let box = renamesDirectories ? "box." : "Box "
        if renamesDirectories {
            try #require(try visitor.rename(bytes("/Box "), bytes("/box.")) == .ok)
        } else {
            print("skipped: a directory cannot be renamed here: fusefat would lose what is in it")
        }
        try #require(try visitor.put(bytes("/gone"), []) == .ok)
        try #require(try visitor.remove(bytes("/gone")) == .ok)
        for name in ["README", "form", "a:b"] {
            #expect(try owner.get(bytes("/\(name)")) == bytes("the owner's \(name)"))
        }
        let visit = "/" + (try server.visit().dropFirst(5))
        #expect(try owner.get(bytes("\(visit)/readme")) == bytes("beside"))
        #expect(try owner.get(bytes("\(visit)/README")) == bytes("another"))
        #expect(try owner.get(bytes("\(visit)/mine?")) == bytes("mine, again"))
        #expect(try owner.get(bytes("\(visit)/\(box)/x")) == bytes("x"))
        // The visitor sees the names that it has sent, and gets ciphertext.
        let seen = Set(try visitor.list(bytes("/")) ?? []).subtracting([bytes("."), bytes("..")])
        #expect(seen == Set(["README", "readme", "mine?", box].map { bytes($0) }))
        for name in seen where name != bytes(box) {
            let got = try visitor.get(OddNames.path(name))
            #expect(got != nil && got != bytes("beside"), "\(name.shown)")
        }
    }

    @Test(arguments: Stick.available) func aCutOffUploadIsContinued(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        kept.append(stick)
        let server = try RunningServer([("alice", "rw")], data: stick.mount)
        kept.append(server)
        let contents = Data.random(200_000, seed: 9)
        for name in ["/what?", "/plain", "/PLAIN"] {
            let wire = try server.wire("alice")
            _ = try wire.initialize()
            let handle = try #require(try wire.open(name, [.write, .create, .truncate]))
            #expect(try wire.ask(all: WireClient.writes(handle, contents.prefix(100_000))).allSatisfy { $0 == .ok })
            wire.close()
            try waitUntil("the session has ended") { server.sessions.isEmpty }
            let again = try server.wire("alice")
            _ = try again.initialize()
            #expect(try again.size(name) == 100_000)
            let resumed = try #require(try again.open(name, .write))
            let rest = WireClient.writes(resumed, Data(contents.dropFirst(100_000)), at: 100_000)
            #expect(try again.ask(all: rest).allSatisfy { $0 == .ok })
            #expect(try again.ask(RequestWriter.onHandle(.close, resumed)) == .ok)
            #expect(try again.download(name) == contents)
            again.close()
        }
        let stored = try FileManager.default.contentsOfDirectory(atPath: server.data.appending(path: "alice").path)
        #expect(stored.count == 3 && !stored.contains { $0.hasSuffix(".part") }, "\(stored)")
    }

    /// 4 GiB less one byte is the most that FAT can hold as one file.
    @Test(arguments: Stick.available.filter { $0 != .tmpfs }) func whatIsTooLargeIsRefusedBeforeTheDiskRefusesIt(
        kind: Stick.Kind
    ) throws {
        let stick = try Stick(kind, megabytes: 20_000)
        kept.append(stick)
        let server = try RunningServer([("alice", "rw")], data: stick.mount)
        kept.append(server)
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.upload("/older", Data("older".utf8)) == .ok)
        for (path, flags) in [("/older", [.read, .write]), ("/older", .write), ("/new", [.write, .create])]
            as [(String, OpenFlags)]
        {
            let handle = try #require(try wire.open(path, flags))
            let tooLarge = [
                RequestWriter.fsetstat(handle, FileAttributes(size: 5 << 30)),
                RequestWriter.fsetstat(handle, FileAttributes(size: 4 << 30 - 1)),
                RequestWriter.fsetstat(handle, FileAttributes(size: 4 << 30 - 100_000)),
            ]
            for request in tooLarge {
                let reply = try wire.ask(request)
                if kind == .FAT {
                    guard case .status(4, let sentence)? = reply else {
                        Issue.record("\(String(describing: reply))")
                        continue
                    }
                    #expect(sentence.contains("4294967295"), "\(sentence)")
                } else {
                    #expect(reply == .ok, "\(String(describing: reply))")
                }
            }
            // What fits is admitted: this is a promise of the disk's, and costs nothing until CLOSE.
            #expect(try wire.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 4_000_000_000))) == .ok)
            let write = try wire.ask(RequestWriter.write(handle, at: 4 << 30, [1]))
            #expect(kind == .FAT ? write?.code == 4 : write == .ok, "\(String(describing: write))")
            if kind == .FAT {
                #expect(try wire.ask(RequestWriter.onHandle(.close, handle))?.code == 4)
            } else {
                #expect(try wire.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 0))) == .ok)
                #expect(try wire.ask(RequestWriter.fsetstat(handle, FileAttributes(size: 5))) == .ok)
                #expect(try wire.ask(RequestWriter.write(handle, at: 0, bytes("older"))) == .ok)
                #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
            }
            #expect(try wire.get(bytes("/older")) == bytes("older"))
        }
        #expect(try wire.names(in: "/") == (kind == .FAT ? ["older"] : ["older", "new"]))
    }
}

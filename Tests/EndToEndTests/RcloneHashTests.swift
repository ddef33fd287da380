import Foundation
import TestSupport
import Testing

/// Whether rclone finds out that it can compare files by their hashes, and what it then sees.
@Suite(.serialized) struct RcloneHashTests {
    private let server: RunningServer
    private let isInstalled: Bool

    init() throws {
        server = try RunningServer([("alice", "rw"), ("drop", "wo")])
        isInstalled = try Command.run("rclone", ["version"]).status == 0
        if !isInstalled { print("skipped: rclone is not installed") }
    }

    /// Runs rclone, with all it says, against the remote `there:` and in the directory of the test.
    ///
    /// It keeps in its configuration what it has found out.
    private func rclone(
        _ user: String, _ arguments: [String], password: String = RunningServer.passphrase
    ) throws -> Command {
        let file = server.scratch.path("rclone-\(user).conf")
        if !FileManager.default.fileExists(atPath: file) {
            let obscured = try Command.run("rclone", ["obscure", password]).text.trimmingCharacters(in: .newlines)
            let lines = [
                "[there]", "type = sftp", "host = 127.0.0.1", "port = \(server.port)", "user = \(user)",
                "pass = \(obscured)",
            ]
            try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: file))
        }
        return try Command.run("rclone", ["-vv", "--config", file] + arguments, in: server.scratch.url)
    }

    private func local(_ command: String, _ contents: Data) throws -> String {
        try Command.run(command, [], input: contents).text.split(separator: " ").first.map(String.init) ?? ""
    }

    private func makeDirectory(_ files: [String: Data]) throws {
        let directory = server.scratch.url.appending(path: "directory")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (name, contents) in files { try contents.write(to: directory.appending(path: name)) }
    }

    @Test func findsTheCommandsAndUsesThem() throws {
        guard isInstalled else { return }
        let files = [
            "plain": Data.random(300_000), "it's; $(two) \"words\" `&` \\ *?": Data("x".utf8), "empty": Data(),
            "line\nbreak": Data("y".utf8), "ä": Data("z".utf8),
        ]
        try makeDirectory(files)
        #expect(try server.sftp("alice", "put -r directory").status == 0)
        // On one file first: rclone 1.60 has no hash for those that it comes to while it still tries the commands.
        let first = try rclone("alice", ["hashsum", "md5", "there:directory/plain"])
        #expect(first.errors.contains("Remote command result: %ComSpec%"), "\(first.errors)")
        #expect(first.errors.contains("Shell type \"unix\" detected"), "\(first.errors)")
        for command in ["md5sum", "sha1sum"] {
            #expect(first.errors.contains("Running remote command: \(command)\n"), "\(first.errors)")
        }
        #expect(first.errors.components(separatedBy: "Hash command accepted").count == 3, "\(first.errors)")
        for (name, command) in [("md5", "md5sum"), ("sha1", "sha1sum")] {
            let run = try rclone("alice", ["hashsum", name, "there:directory"])
            #expect(run.status == 0, "\(run.errors)")
            for (file, contents) in files {
                #expect(run.text.contains("\(try local(command, contents))  \(file)\n"), "\(run.text)")
            }
        }
    }

    @Test func seesThatContentsDiffer() throws {
        guard isInstalled else { return }
        try makeDirectory(["same": Data.random(100_000), "other": Data.random(100_000, seed: 2)])
        #expect(try server.sftp("alice", "put -rp directory").status == 0)
        let good = try rclone("alice", ["check", "directory", "there:directory"])
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.errors.contains("0 differences found") && good.errors.contains("2 matching files"))
        #expect(!good.errors.contains("hashes could not be checked"), "\(good.errors)")
        // One byte, the same size, the same time.
        let file = server.scratch.url.appending(path: "directory/other")
        let date = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] ?? Date()
        var contents = try Data(contentsOf: file)
        contents[50_000] ^= 1
        try contents.write(to: file)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
        let bad = try rclone("alice", ["check", "directory", "there:directory"])
        #expect(bad.status != 0)
        #expect(bad.errors.contains("1 differences found") && bad.errors.contains("1 matching files"), "\(bad.errors)")
        let copy = try rclone("alice", ["copy", "--checksum", "--dry-run", "directory", "there:directory"])
        #expect(copy.errors.contains("other: Skipped copy as --dry-run is set"), "\(copy.errors)")
        #expect(!copy.errors.contains("same: Skipped copy as --dry-run is set"))
    }

    /// rclone compares each upload with its source, by hash if it can.
    @Test func itsUploadsPassItsOwnCheck() throws {
        guard isInstalled else { return }
        let contents = Data.random(500_000)
        try makeDirectory(["file": contents])
        let owner = try rclone("alice", ["copy", "directory", "there:"])
        #expect(owner.status == 0, "\(owner.errors)")
        #expect(owner.errors.contains(" = \(try local("md5sum", contents)) OK"), "\(owner.errors)")
        #expect(try server.recover("alice/file.gpg").output == contents)
        let visitor = try rclone("drop", ["copy", "directory", "there:"], password: "visitor")
        #expect(visitor.status == 0, "\(visitor.errors)")
        #expect(!visitor.errors.contains("Hash command accepted"))
        #expect(try server.recover("\(server.visit())/file.gpg", user: "drop").output == contents)
    }
}

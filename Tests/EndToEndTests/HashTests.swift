import Foundation
import SFTP
import TestSupport
import Testing

/// Hashes over SSH's exec and SFTP's `check-file`, and copies on the server, with real clients.
@Suite(.serialized) struct HashTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "rw"), ("drop", "wo")]) }

    /// What coreutils say of the same bytes.
    private func local(_ command: String, _ contents: Data) throws -> String {
        try Command.run(command, [], input: contents).text.split(separator: " ").first.map(String.init) ?? ""
    }

    private func put(_ name: String, _ contents: Data, by user: String = "alice") throws {
        try server.scratch.file("up", contents)
        #expect(try server.sftp(user, "put up \"\(name)\"").status == 0)
    }

    @Test func hashesOfFilesAreThoseOfTheirContents() throws {
        let large = Data.random(1_000_000)
        try put("large", large)
        try put("two words", Data("x".utf8))
        try put("empty", Data())
        for command in ["md5sum", "sha1sum", "sha256sum", "sha512sum"] {
            let run = try server.ssh("alice", ["\(command) large /two\\ words './empty'"])
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            let expected = [
                "\(try local(command, large))  large", "\(try local(command, Data("x".utf8)))  /two words",
                "\(try local(command, Data()))  ./empty",
            ]
            #expect(run.text == expected.map { $0 + "\n" }.joined())
        }
    }

    @Test func standardInputIsHashedToItsEnd() throws {
        for contents in [Data(), Data("x".utf8), Data.random(5_000_000)] {
            let run = try server.ssh("alice", ["sha256sum"], input: contents)
            #expect(run.status == 0)
            #expect(run.text == "\(try local("sha256sum", contents))  -\n")
        }
        let twice = try server.ssh("alice", ["md5sum -b - -"], input: Data("x".utf8))
        #expect(
            twice.text == "\(try local("md5sum", Data("x".utf8))) *-\n\(try local("md5sum", Data())) *-\n")
    }

    @Test func oneFailureDoesNotStopTheRest() throws {
        try put("file", Data("x".utf8))
        let run = try server.ssh("alice", ["md5sum missing file . .cryptsftp-drafts/x"])
        #expect(run.status == 1)
        #expect(run.text == "\(try local("md5sum", Data("x".utf8)))  file\n")
        let errors = run.errors.split(separator: "\n")
        #expect(errors.count == 3)
        #expect(errors.first == "md5sum: missing: no such file")
        #expect(errors.last == "md5sum: .cryptsftp-drafts/x: this name is the server's own", "the gate is asked")
    }

    /// A client asks for many hashes and goes: nobody computes them for it.
    @Test func nothingIsHashedForAClientThatHasGone() throws {
        try put("large", Data.random(24 << 20))
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let request = RequestWriter.extended("check-file-name") { fields in
            fields.append(string: "/large".utf8)
            fields.append(string: "sha512".utf8)
            fields.append(uint64: 0)
            fields.append(uint64: 0)
            fields.append(uint32: 0)
        }
        let start = Date()
        #expect(try wire.ask(request) != nil)
        let one = Date().timeIntervalSince(start)
        try wire.send(Array(repeatElement(request, count: 150).joined()))
        wire.close()
        let closed = Date()
        try waitUntil("the session has ended", seconds: max(20, 10 * one)) { server.monitors.isEmpty }
        print("one hash takes \(one) s; 150 were given up within \(Date().timeIntervalSince(closed)) s")
    }

    @Test func aDamagedFileHasNoHash() throws {
        try put("file", Data.random(200_000))
        let stored = server.data.appending(path: "alice/file.gpg")
        var contents = try Data(contentsOf: stored)
        contents[100_000] ^= 1
        try contents.write(to: stored)
        let run = try server.ssh("alice", ["sha256sum file"])
        #expect(run.status == 1)
        #expect(run.text.isEmpty)
        #expect(run.errors.hasPrefix("sha256sum: file: "))
    }

    @Test(arguments: [
        "true", "ls", "sh", "md5sum file; touch x", "md5sum $(touch x)", "md5sum `touch x`", "md5sum file > x",
        "md5sum file | tee x", "md5sum file\ntouch x", "scp -t .", "rsync --server .", "md5sum -c file", "'", "",
    ])
    func everyOtherCommandIsRefused(command: String) throws {
        // An empty command would be a login shell; that is another request, which is refused as well.
        let run = try server.ssh("alice", command.isEmpty ? [] : [command])
        #expect(run.status != 0)
        #expect(run.output.isEmpty)
        if !command.isEmpty {
            #expect(run.status == 127)
            #expect(run.errors.hasPrefix("This server runs no commands"), "\(run.errors)")
        }
    }

    @Test func visitorsGetHashesOfCiphertextAndNoneOfTheirInput() throws {
        try server.scratch.file("up", Data("secret".utf8))
        #expect(try server.sftp("drop", "put up form", password: "visitor").status == 0)
        let visit = try server.visit()
        let stored = try Data(contentsOf: server.data.appending(path: "\(visit)/form.gpg"))
        let expected = try local("sha256sum", stored)
        let run = try server.ssh("drop", ["sha256sum form form.gpg"], password: "visitor")
        #expect(run.text == "\(expected)  form\n\(expected)  form.gpg\n")
        // A client that gets this one would take its own upload for damaged.
        let input = try server.ssh("drop", ["sha256sum"], input: Data(), password: "visitor")
        #expect(input.status == 127)
        #expect(input.output.isEmpty)
        let owner = try server.ssh("drop", ["sha256sum '\(visit.dropFirst(5))/form'"])
        #expect(owner.text.hasPrefix(try local("sha256sum", Data("secret".utf8))))
    }

    @Test func checkFileHashesByNameAndByHandle() throws {
        let contents = Data.random(600_000)
        try put("file", contents)
        let wire = try server.wire("alice")
        guard case .version(3, let extensions)? = try wire.initialize() else {
            Issue.record("no version")
            return
        }
        #expect(Set(extensions).isSuperset(of: ["check-file", "check-file-name", "copy-data"]))
        func ask(_ name: String, _ algorithms: String, block: UInt32, _ object: (inout [UInt8]) -> Void) throws
            -> Reply?
        {
            try wire.ask(
                RequestWriter.extended(name) {
                    object(&$0)
                    $0.append(string: algorithms.utf8)
                    $0.append(uint64: 0)
                    $0.append(uint64: 0)
                    $0.append(uint32: block)
                })
        }
        func text(_ reply: Reply?, skipping count: Int) -> String? {
            guard case .extended(let fields)? = reply else { return nil }
            return fields.dropFirst(count).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        for algorithm in ["md5", "sha1", "sha256", "sha512"] {
            // A length and the algorithm's name come first.
            let reply = try ask("check-file-name", "crc32,\(algorithm)", block: 0) { $0.append(string: "file".utf8) }
            #expect(text(reply, skipping: 4 + algorithm.count) == (try local(algorithm + "sum", contents)))
        }
        let handle = try #require(try wire.open("/file", .read))
        let blocks = try ask("check-file", "sha256", block: 400_000) { handle.append(to: &$0) }
        let expected = try local("sha256sum", contents[..<400_000]) + local("sha256sum", contents[400_000...])
        #expect(text(blocks, skipping: 4 + 10 + 4 + 6) == expected)
        #expect(try ask("check-file-name", "sha256", block: 1) { $0.append(string: "file".utf8) }?.code == 4)
        #expect(try ask("check-file-name", "sha256", block: 0) { $0.append(string: "none".utf8) }?.code == 2)
        #expect(try ask("check-file-name", "crc32", block: 0) { $0.append(string: "file".utf8) }?.code == 8)
    }

    @Test func sftpCopiesOnTheServer() throws {
        let contents = Data.random(3_000_000)
        try put("file", contents)
        let run = try server.sftp("alice", "cp file copy\nls -l copy\nget copy down")
        if run.errors.contains("copy-data") || run.errors.contains("Invalid command") {
            print("skipped: this OpenSSH cannot copy on the server")
            return
        }
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains(" alice    alice "), "\(run.text)")
        #expect(try Data(contentsOf: server.scratch.url.appending(path: "down")) == contents)
        #expect(try server.recover("alice/copy.gpg").output == contents)
    }
}

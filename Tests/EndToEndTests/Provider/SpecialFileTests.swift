import Foundation
import TestSupport
import Testing

/// Pipes, links, devices and files without end in the places of settings and keys, under a running server.
@Suite(.serialized) struct SpecialFileTests {
    private let server: RunningServer

    init() throws {
        server = try RunningServer([("alice", "rw")])
        try server.scratch.file("file", Data("x".utf8))
    }

    enum Plant: CaseIterable {
        case pipe, sparse, zeros, directory
    }

    /// Puts something else in the place of a file, runs `body`, and puts the file back.
    private func plant(_ kind: Plant, at name: String, _ body: () throws -> Void) throws {
        let file = server.scratch.url.appending(path: "Configs/\(name)")
        let good = try Data(contentsOf: file)
        try FileManager.default.removeItem(at: file)
        switch kind {
        case .pipe: try #require(mkfifo(file.path, 0o600) == 0)
        case .sparse:
            try #require(
                FileManager.default.createFile(atPath: file.path, contents: Data())
                    && truncate(file.path, 3 << 30) == 0)
        case .zeros: try #require(symlink("/dev/zero", file.path) == 0)
        case .directory: try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
        }
        try body()
        try FileManager.default.removeItem(at: file)
        try good.write(to: file)
        chmod(file.path, 0o600)
    }

    /// Mebibytes of the listener that were ever in memory.
    private func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.process.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) }) >> 10
    }

    /// The old settings stay in use: a file of 3 GB took 9 GB of memory, and SIGTERM was not heard.
    @Test(arguments: Plant.allCases)
    func inPlaceOfTheSettings(_ kind: Plant) throws {
        try plant(kind, at: "server.conf") { () throws in
            #expect(try server.sftp("alice", "put file a").status == 0, "\(server.log)")
            #expect(server.log.contains("the old configuration stays in use"), "\(server.log)")
            #expect(try peak() < 100)
        }
        #expect(try server.sftp("alice", "ls a").status == 0)
        server.process.signal(SIGTERM)
        #expect(server.process.wait(seconds: 20) == 0)
    }

    /// A login fails at once, and the next one works.
    @Test(arguments: ["hostkeys/ed25519_key", "keys/alice/pubring.kbx"], [Plant.pipe, .sparse, .zeros])
    func inPlaceOfAKey(_ name: String, _ kind: Plant) throws {
        try plant(kind, at: name) { () throws in
            let start = ContinuousClock.now
            #expect(try server.sftp("alice", "ls").status != 0)
            // A session that waits is ended after 30 s.
            #expect(ContinuousClock.now - start < .seconds(15), "\(server.log)")
            #expect(!server.log.contains("took too long"))
        }
        #expect(try server.sftp("alice", "ls").status == 0, "\(server.log)")
        #expect(try peak() < 100)
    }

    @Test func inPlaceOfASecretKey() throws {
        let directory = server.scratch.url.appending(path: "Configs/keys/alice/private-keys-v1.d")
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() {
            for kind in [Plant.pipe, .sparse] {
                try plant(kind, at: "keys/alice/private-keys-v1.d/\(name)") { () throws in
                    // One of the two is the primary key's, which a login does not use.
                    _ = try server.sftp("alice", "ls")
                    let tool = try Command.run(
                        RunningServer.program, ["doctor", "-c", server.configuration.path], seconds: 20)
                    #expect(tool.status == 26 || tool.status == 0, "\(tool.errors)")
                }
            }
        }
        #expect(!server.log.contains("took too long"))
        #expect(try server.sftp("alice", "ls").status == 0, "\(server.log)")
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// A clock that is wrong: behind the key's creation, and other than it was when files were stored.
///
/// The limits of a session do not depend on it: they are counted on the clock that runs since the start of the system.
@Suite(.serialized) struct ClockTests {
    /// Gives alice a key that, by this machine's clock, is yet to be made.
    private func useKeyFromTheFuture(_ server: RunningServer) throws -> URL {
        let directory = server.scratch.url.appending(path: "future")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try Data("s2k-count 65536\n".utf8).write(to: directory.appending(path: "gpg-agent.conf"))
        let time = ["--faked-system-time", "20900101T000000"]
        let made = try TestKeys.gpg(
            directory, time + ["--quick-gen-key", "tester", "future-default", "default", "never"])
        let listed = try TestKeys.gpg(directory, time + ["--list-keys", "--with-colons"]).text
        let fingerprint = listed.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last
        try #require(made.status == 0, "\(made.errors)")
        let key = try #require(fingerprint)
        _ = try Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"])
        for part in ["pubring.kbx", "private-keys-v1.d"] {
            let copy = server.scratch.url.appending(path: "Configs/keys/alice/\(part)")
            try FileManager.default.removeItem(at: copy)
            try FileManager.default.copyItem(at: directory.appending(path: part), to: copy)
        }
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        try Data(text.replacing(/(?m)^key = ".*"$/, with: "key = \"\(key)\"").utf8)
            .write(to: server.configuration)
        let confirmed = try Command.run(
            RunningServer.program,
            ["user", "confirm", "alice", "-c", server.configuration.path, "--passphrase-file", "-"],
            input: Data("\(RunningServer.passphrase)\n".utf8))
        try #require(confirmed.status == 0, "\(confirmed.errors)")
        return directory
    }

    @Test func aKeyFromTheFutureIsUsed() throws {
        let server = try RunningServer([("alice", "rw")])
        let directory = try useKeyFromTheFuture(server)
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let contents = Data.random(300_000, seed: 31)
        #expect(try wire.upload("/file", contents) == .ok)
        #expect(try wire.download("/file") == contents)
        let handle = try #require(try wire.open("/file", [.read, .write]))
        #expect(try wire.ask(RequestWriter.write(handle, at: 0, [1])) == .ok)
        #expect(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        let stored = server.data.appending(path: "alice/file.gpg").path
        let recovered = try TestKeys.gpg(directory, ["--decrypt", stored])
        #expect(recovered.output == Data([1]) + contents.dropFirst())
        _ = try Command.run("gpgconf", ["--homedir", directory.path, "--kill", "all"])
    }

    /// Files whose times are far from now are what they are, and can be replaced.
    @Test(arguments: [0, 1_000_000_000, 2_000_000_000] as [UInt32])
    func storedFilesMayBeOfAnyTime(time: UInt32) throws {
        let server = try RunningServer([("alice", "rw")])
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        let contents = Data.random(50_000, seed: 32)
        #expect(try wire.upload("/file", contents) == .ok)
        var attributes = FileAttributes()
        attributes.times = .init(access: time, modification: time)
        #expect(try wire.ask(RequestWriter.onPath(.setstat, "/file", attributes)) == .ok)
        let stored = server.data.appending(path: "alice/file.gpg").path
        let found = try FileManager.default.attributesOfItem(atPath: stored)[.modificationDate] as? Date
        #expect(found == Date(timeIntervalSince1970: Double(time)))
        #expect(try wire.download("/file") == contents)
        // A clock that was set back must not let an older version win.
        #expect(try wire.upload("/file", Data("newer".utf8)) == .ok)
        #expect(try wire.download("/file") == Data("newer".utf8))
        #expect(try server.recover("alice/file.gpg").output == Data("newer".utf8))
    }
}

import Foundation
import SFTP
import TestSupport
import Testing
import Vault

/// Partials that somebody who can write to the directory has given the name of a complete file.
@Suite(.serialized) struct MarkedPartialTests {
    private let home: HomeFixture

    init() throws { home = try HomeFixture(isShared: true) }

    /// Stores the start of a file, as a session does whose connection ends, and gives it the name of a complete one.
    private func promote(_ name: String, _ bytes: [UInt8], by session: Exchange) throws {
        let handle = try #require(try session.open("/\(name)", [.write, .create, .truncate]))
        #expect(try session.write(handle, at: 0, bytes) == .ok)
        session.end()
        #expect(try home.recover("\(name).gpg.part") == bytes)
        try FileManager.default.moveItem(
            atPath: home.scratch.path("home/\(name).gpg.part"), toPath: home.scratch.path("home/\(name).gpg"))
    }

    @Test(arguments: [1, 100, 100_000, 600_000]) func isNotReadAsACompleteFile(size: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(size))
        let bytes = numbers.bytes(size)
        try promote("file", bytes, by: home.connect())
        // Stock gpg reads it all the same.
        #expect(try home.recover("file.gpg") == bytes)
        for client in [try home.connect(), try home.connect(verifiedFirst: 1)] {
            let reply = try client.ask(RequestWriter.open("/file", .read))
            if case .handle(let handle)? = reply {
                // A large file is streamed: the error comes before its end at the latest.
                var read = 0
                var last: Reply?
                while case .data(let more)? = try client.ask(RequestWriter.read(handle, at: UInt64(read), 32768)) {
                    read += more.count
                }
                last = try client.ask(RequestWriter.read(handle, at: UInt64(read), 32768))
                #expect(last?.code == 4 && read < bytes.count, "\(read) of \(bytes.count)")
            } else {
                guard case .status(4, let text)? = reply else {
                    Issue.record("\(String(describing: reply))")
                    continue
                }
                #expect(text.contains("incomplete upload"))
            }
        }
        // It cannot be changed in place either, but replaced.
        let client = try home.connect()
        let handle = try client.open("/file", [.write])
        if let handle {
            _ = try client.write(handle, at: UInt64(size), [1])
            #expect(try client.close(handle)?.code == 4)
        }
        try client.put("/file", [1])
        #expect(try client.read("/file") == [1])
    }

    /// A visitor has no key, but for the message that it is sending.
    @Test func isMarkedByAVisitorToo() throws {
        guard TestEngine.name != "gpgme" else { return }
        try promote("file", Array(1...200), by: home.connect(as: .visit))
        let reply = try home.connect().ask(RequestWriter.open("/file", .read))
        guard case .status(4, let text)? = reply else {
            Issue.record("\(String(describing: reply))")
            return
        }
        #expect(text.contains("incomplete upload"))
    }

    /// As an older version of this program has kept them.
    @Test func oneWithoutTheMarkIsContinued() throws {
        let client = try home.connect()
        try client.put("/file", Array(1...100))
        try FileManager.default.moveItem(
            atPath: home.scratch.path("home/file.gpg"), toPath: home.scratch.path("home/file.gpg.part"))
        #expect(try client.size("/file") == 100)
        #expect(try client.ask(RequestWriter.open("/file", .read))?.code == 4)
        let handle = try #require(try client.open("/file", [.write]))
        #expect(try client.write(handle, at: 100, Array(101...150)) == .ok)
        #expect(try client.close(handle) == .ok)
        #expect(home.stored == ["file.gpg"])
        #expect(try client.read("/file") == Array(1...150))
    }
}

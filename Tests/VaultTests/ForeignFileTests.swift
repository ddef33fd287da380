import Foundation
import SFTP
import TestSupport
import Testing

/// Stored files that this program has not written.
@Suite struct ForeignFileTests {
    private let fixture: HomeFixture
    private let exchange: Exchange

    init() throws {
        fixture = try HomeFixture()
        exchange = try fixture.connect()
    }

    private func store(_ name: String, _ bytes: Data) throws {
        try bytes.write(to: URL(filePath: fixture.scratch.path("home/\(name).gpg")))
    }

    private func stockEncrypt(_ plain: Data) throws -> Data {
        let keys = try TestKeys.shared.get()
        return try TestKeys.gpg(keys.directory, ["--recipient", keys.fingerprint, "--encrypt"], input: plain).output
    }

    /// A client that is told of a size of 0 may not send a READ.
    @Test func damagedEmptyFilesAreNotOpened() throws {
        try exchange.put("/empty", [])
        let stored = try Data(contentsOf: URL(filePath: fixture.scratch.path("home/empty.gpg")))
        for position in stored.indices.suffix(40) {
            var damaged = stored
            damaged[position] ^= 1
            try store("empty", damaged)
            #expect(try exchange.ask(RequestWriter.open("/empty", .read))?.code == 4, "byte \(position)")
        }
        try store("empty", stored)
        #expect(try exchange.read("/empty").isEmpty)
    }

    /// A file of 300 KB that decompresses to 300 MiB is listed with its stored size, and not opened.
    @Test func bombsAreNotMeasured() throws {
        let bomb = try stockEncrypt(Data(count: 300 << 20))
        try store("bomb", bomb)
        try #require(bomb.count < 1 << 20)
        #expect(try exchange.size("/bomb") == UInt64(bomb.count))
        guard case .status(4, let reason)? = try exchange.ask(RequestWriter.open("/bomb", .read)) else {
            Issue.record("the bomb was opened")
            return
        }
        #expect(reason.contains("too large"))
    }

    /// A file that decompresses to less than the limit is read.
    @Test func wellCompressedFilesAreRead() throws {
        let plain = Data(count: 60 << 20)
        try store("zeros", stockEncrypt(plain))
        #expect(try exchange.size("/zeros") == UInt64(plain.count))
        #expect(try Data(exchange.read("/zeros")) == plain)
    }
}

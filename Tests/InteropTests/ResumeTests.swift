import Foundation
import SFTP
import TestSupport
import Testing

/// Uploads whose connection was cut, continued the way that each client does it, packet by packet.
///
/// Source: the clients' own code; what each sends after a broken upload differs in flags, offsets and questions.
@Suite(.serialized) struct ResumeTests {
    /// How a client continues.
    struct Way: Sendable, CustomTestStringConvertible {
        let client: String
        let flags: OpenFlags
        /// FSTAT on the handle, instead of STAT before.
        var asksHandle = false
        var block = 32768
        /// Offsets start at 0 although the file does not, as APPEND makes possible.
        var countsFromZero = false
        var testDescription: String { client }
    }

    static let ways = [
        Way(client: "WinSCP, packet by packet", flags: [.write, .create]),
        Way(client: "FileZilla, packet by packet", flags: [.write], asksHandle: true, block: 16384),
        Way(client: "KDE's KIO, packet by packet", flags: [.read, .write], asksHandle: true, block: 61440),
        Way(client: "JSch, packet by packet", flags: [.write, .create]),
        Way(client: "sshj, packet by packet", flags: [.write, .append]),
        Way(client: "Cyberduck, packet by packet", flags: [.write]),
        Way(client: "libssh2 before 2023, packet by packet", flags: [.write, .append], countsFromZero: true),
    ]

    private static let contents = Data.random(2_000_003, seed: 6)

    @Test(arguments: ways) func continuesAnUploadThatWasCutOff(way: Way) throws {
        let client = try Interop(way.client)
        let count = 1_000_001
        try CutOff.upload(Self.contents.prefix(count), as: "/file", to: client)
        let wire = try CutOff.connect(client)
        // Listed with its true size, and not to be read as if it were whole.
        try client.require(try wire.size("/file") == UInt64(count), "size: \(try wire.size("/file") as Any)")
        guard case .handle(let directory)? = try wire.ask(RequestWriter.onPaths(.opendir, "/")),
            case .names(let entries)? = try wire.ask(RequestWriter.onHandle(.readdir, directory))
        else { return try client.require(false, "no listing") }
        let listed = entries.first { $0.name == Array("file".utf8) }
        try client.require(listed?.attributes.size == UInt64(count), "listed: \(listed as Any)")
        let refused = try wire.ask(RequestWriter.open("/file", .read))
        guard case .status(4, let text)? = refused, text.contains("incomplete upload") else {
            return try client.require(false, "OPEN for reading: \(refused as Any)")
        }
        try resume(way, from: count, wire, client)
        let read = try CutOff.read("/file", Self.contents.count, wire, client)
        try client.require(read == Self.contents, "read back: \(read.count) bytes")
        try client.requireStored("file", Self.contents)
        try client.shown("–", "continuing an upload that was cut off")
    }

    /// The same on a file that is whole, which the client finds shorter than its own.
    @Test(arguments: ways) func continuesAFileThatIsShorter(way: Way) throws {
        let client = try Interop(way.client)
        try client.server.scratch.file("up", Self.contents.prefix(700_000))
        try client.passed(client.server.sftp("alice", "put up file"))
        let wire = try CutOff.connect(client)
        try resume(way, from: 700_000, wire, client)
        try client.requireStored("file", Self.contents)
    }

    private func resume(_ way: Way, from count: Int, _ wire: WireClient, _ client: Interop) throws {
        guard let handle = try wire.open("/file", way.flags) else { return try client.require(false, "no handle") }
        if way.asksHandle {
            guard case .attributes(let attributes)? = try wire.ask(RequestWriter.onHandle(.fstat, handle)),
                attributes.size == UInt64(count)
            else { return try client.require(false, "FSTAT of what is there") }
        }
        let start = way.countsFromZero ? 0 : count
        let requests = CutOff.writes(handle, Self.contents.dropFirst(count), from: start, block: way.block)
        let replies = try wire.ask(all: requests + [RequestWriter.onHandle(.close, handle)])
        try client.require(replies.allSatisfy { $0 == .ok }, "writes and CLOSE: \(replies.filter { $0 != .ok })")
        try client.require(try wire.size("/file") == UInt64(Self.contents.count), "size after CLOSE")
    }

    /// An upload over an older version that is cut off leaves the older version alone.
    @Test func anOlderVersionStaysWhole() throws {
        let client = try Interop("any")
        try client.server.scratch.file("up", Data("older".utf8))
        try client.passed(client.server.sftp("alice", "put up file"))
        try CutOff.upload(Self.contents, as: "/file", to: client)
        try client.requireStored("file", Data("older".utf8))
        try client.passed(client.server.sftp("alice", "get file down"))
        try client.requireLocal("down", Data("older".utf8))
    }

    /// Cut off again and again, and continued each time: as over a bad line.
    @Test func manyCutsInOneUpload() throws {
        let client = try Interop("any")
        try CutOff.upload(Self.contents.prefix(100_000), as: "/file", to: client)
        for (start, end) in [(100_000, 100_001), (100_001, 900_000), (900_000, 1_500_000)] {
            let wire = try CutOff.connect(client)
            guard let handle = try wire.open("/file", [.write]) else { return try client.require(false, "no handle") }
            let replies = try wire.ask(all: CutOff.writes(handle, Self.contents[start..<end], from: start))
            try client.require(replies.allSatisfy { $0 == .ok }, "writes: \(replies)")
            wire.close()
            try waitUntil("the session has ended") { client.server.sessions.isEmpty }
        }
        let wire = try CutOff.connect(client)
        try client.require(try wire.size("/file") == 1_500_000, "size: \(try wire.size("/file") as Any)")
        try resume(Way(client: "any", flags: [.write, .append]), from: 1_500_000, wire, client)
        try client.requireStored("file", Self.contents)
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// A bit that is flipped on the wire ends the connection, and nothing wrong is stored or believed.
@Suite(.serialized) struct FlippedBitTests {
    private static let ciphers = ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"]
    /// In a length, in the packet's header, in the first packet's data, in later packets.
    private static let places = [3, 5, 60, 9000, 40_000, 200_003]

    private let server: RunningServer
    private let contents = Data.random(600_000, seed: 3)

    init() throws { server = try RunningServer([("alice", "rw")]) }

    /// A client behind a wire, logged in.
    private func connect(_ cipher: String) throws -> (WireClient, FaultyWire) {
        let wire = try FaultyWire(to: server.port)
        let client = try server.wire("alice", options: ["-c", cipher], port: wire.port)
        try #require(try client.initialize() != nil)
        return (client, wire)
    }

    /// Asks until the connection ends.
    ///
    /// That may happen while it is still sending. One that neither answers nor ends is a ``Timeout``.
    private func ask(_ client: WireClient, _ requests: [[UInt8]]) throws -> [Reply] {
        do {
            return try client.ask(all: requests)
        } catch let error as Timeout {
            throw error
        } catch {
            return []
        }
    }

    private func expectEnd() throws { try waitUntil("the session has ended") { server.sessions.isEmpty } }

    private var stored: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: server.data.appending(path: "alice").path) }
    }

    @Test(arguments: ciphers) func inAnUpload(cipher: String) throws {
        for (index, place) in Self.places.enumerated() {
            let (client, wire) = try connect(cipher)
            let handle = try #require(try client.open("/file\(index)", [.write, .create, .truncate]))
            wire.flip(1 << UInt8(index), after: place, .toServer)
            let requests = WireClient.writes(handle, contents) + [RequestWriter.onHandle(.close, handle)]
            let replies = try ask(client, requests)
            #expect(wire.hasFlipped)
            #expect(replies.count < requests.count, "\(cipher), byte \(place): all was answered")
            try withExtendedLifetime(wire) { try expectEnd() }
            // What arrived before it may be kept to be resumed.
            for name in try stored where name.hasPrefix("file\(index).") {
                #expect(name == "file\(index).gpg.part", "\(cipher), byte \(place)")
                let kept = try server.recover("alice/\(name)")
                #expect(kept.status == 0 && contents.starts(with: kept.output), "\(cipher), byte \(place)")
            }
        }
    }

    @Test(arguments: ciphers) func inADownload(cipher: String) throws {
        let uploader = try server.wire("alice")
        _ = try uploader.initialize()
        #expect(try uploader.upload("/file", contents) == .ok)
        uploader.close()
        for (index, place) in Self.places.enumerated() {
            let (client, wire) = try connect(cipher)
            let handle = try #require(try client.open("/file", .read))
            wire.flip(1 << UInt8(index), after: place, .toClient)
            let offsets = stride(from: 0, to: contents.count, by: 32768)
            let replies = try ask(client, offsets.map { RequestWriter.read(handle, at: UInt64($0), 32768) })
            #expect(wire.hasFlipped)
            #expect(replies.count < offsets.underestimatedCount, "\(cipher), byte \(place): all was taken")
            for (reply, offset) in zip(replies, offsets) {
                #expect(reply == .data(Array(contents.dropFirst(offset).prefix(32768))), "\(cipher), byte \(place)")
            }
            client.close()
            try expectEnd()
        }
    }

    @Test(arguments: FaultyWire.Direction.allCases) func openSSHFails(direction: FaultyWire.Direction) throws {
        try server.scratch.file("up", Data.random(3_000_000))
        try #require(try server.sftp("alice", "put up old").status == 0)
        let wire = try FaultyWire(to: server.port)
        wire.flip(0x10, after: 1_000_000, direction)
        let run = try server.sftp(
            "alice", direction == .toServer ? "put up old" : "get old down",
            options: ["-c", "aes256-gcm@openssh.com"], port: wire.port)
        #expect(wire.hasFlipped)
        #expect(run.status != 0, "\(run.errors)")
        try expectEnd()
        #expect(try server.recover("alice/old.gpg").output == Data.random(3_000_000))
        #expect(try stored == ["old.gpg"])
    }
}

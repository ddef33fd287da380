import Foundation
import SFTP
import TestSupport
import Testing

/// Random bytes for the running server: whatever they are, only their own session may end, and none by a trap.
@Suite(.serialized) struct WireFuzzTests {
    private let server: RunningServer
    /// A session that is there all the time, with an upload under way.
    private let bystander: WireClient
    private let handle: Handle
    private let contents = Data.random(300_000, seed: 5)

    init() throws {
        server = try RunningServer(
            [("alice", "rw"), ("bob", "rw"), ("drop", "wo")],
            append: "\n[limits]\nlogin_seconds = 3\nunauthenticated = 12\n")
        bystander = try server.wire("alice")
        _ = try bystander.initialize()
        handle = try #require(try bystander.open("/under-way", [.write, .create]))
        let half = WireClient.writes(handle, contents.prefix(150_000))
        try #require(try bystander.ask(all: half).allSatisfy { $0 == .ok })
    }

    /// Finishes what was under way, stores something new in a new session, and looks for sessions that did not end
    /// well.
    private func requireUnharmed() throws {
        #expect(server.process.isRunning)
        let rest = WireClient.writes(handle, contents.dropFirst(150_000), at: 150_000)
        #expect(try bystander.ask(all: rest).allSatisfy { $0 == .ok })
        #expect(try bystander.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(try bystander.download("/under-way") == contents)
        try waitUntil("the other sessions have ended") { server.sessions.count == 1 }
        let newcomer = try server.wire("alice")
        #expect(try newcomer.initialize() != nil)
        #expect(try newcomer.upload("/new", contents) == .ok)
        #expect(try server.recover("alice/new.gpg").output == contents)
        // The listener says so of every session that a signal or a trap has ended.
        #expect(!server.log.contains("ended abnormally"), "\(server.log.suffix(4000))")
        #expect(!server.log.contains("made its session use too much processor time"))
    }

    /// Requests with wrong fields, lengths and order, on several channels of one connection.
    @Test(arguments: ["bob", "drop"]) func authenticatedSessions(user: String) throws {
        let random = SeededNumbers(for: "authenticated sessions of \(user)")
        var mutation = Mutation(random)
        let known = Known()
        var requests = RandomRequests(random, paths: ["/a", "/b", "/", "/d", "/d/e", ".", "/a.gpg"], isReal: true) {
            mutation in
            var bytes: [UInt8] = []
            known.handles.isEmpty
                ? bytes += mutation.randomBytes(8) : mutation.one(of: known.handles).append(to: &bytes)
            return Array(bytes.suffix(8))
        }
        let end = Date().addingTimeInterval(4)
        var sent = 0
        var connections = 0
        while Date() < end {
            connections += 1
            let first = try server.wire(user, sharing: "c\(connections)")
            #expect(try first.initialize() != nil)
            let wires = try [first] + (0..<3).map { _ in try server.wire(user, sharing: "c\(connections)") }
            for wire in wires.dropFirst() { try wire.send(RequestWriter.initialize()) }
            // A channel that has ended itself does not take more; the others go on.
            for _ in 0..<60 {
                let wire = mutation.one(of: wires)
                let packet = requests.next(id: UInt32(sent))
                sent += 1
                switch mutation.number(40) {
                case 0: try? wire.send(mutation.mutate(packet, with: [packet]))
                case 1: try? wire.send(mutation.randomBytes(mutation.number(2000)))
                case 2: try? wire.send(Array(packet.dropLast(mutation.number(packet.count))))
                default: try? wire.send(packet)
                }
            }
            usleep(50_000)
            for wire in wires { known.handles += wire.handlesWaiting() }
            known.handles = known.handles.suffix(8)
            for wire in wires { wire.close() }
        }
        print("\(sent) requests on \(connections) connections of four channels")
        #expect(sent >= 240)
        try requireUnharmed()
    }

    /// Each channel opens files and goes on with what it got, so that the handles are its own.
    @Test func sessionsThatKnowTheirHandles() throws {
        let random = SeededNumbers(for: "sessions that know their handles")
        let known = Known()
        var mutation = Mutation(random)
        var requests = RandomRequests(random, paths: ["/a", "/b", "/", "/d"], isReal: true) { mutation in
            var bytes: [UInt8] = []
            known.handles.isEmpty
                ? bytes += mutation.randomBytes(8) : mutation.one(of: known.handles).append(to: &bytes)
            return Array(bytes.suffix(8))
        }
        let end = Date().addingTimeInterval(4)
        var answered = 0
        while Date() < end {
            known.handles = []
            let wire = try server.wire("bob")
            _ = try wire.initialize()
            for id in 0..<UInt32(300) {
                guard let reply = try? wire.ask(requests.next(id: id)) else { break }
                if case .handle(let handle) = reply { known.handles.append(handle) }
                known.handles = known.handles.suffix(6)
                answered += 1
            }
            // The last words of a channel.
            try? wire.send(mutation.mutate(requests.next(id: 1), with: [RequestWriter.initialize()]))
            wire.close()
        }
        print("\(answered) requests were answered")
        #expect(answered > 300)
        try requireUnharmed()
    }

    /// Bytes before, in place of, and after the version string and the first packet of the key exchange.
    @Test func unauthenticatedGarbage() throws {
        var mutation = Mutation(SeededNumbers(for: "unauthenticated garbage"))
        let banner = Array("SSH-2.0-fuzz\r\n".utf8)
        let end = Date().addingTimeInterval(5)
        var connections = 0
        while Date() < end {
            let raw = try RawConnection(to: server, from: "127.0.0.2")
            connections += 1
            switch mutation.number(6) {
            case 0: raw.send(mutation.randomBytes(mutation.number(3000)))
            case 1: raw.send(mutation.randomBytes(mutation.number(200)) + banner + mutation.randomBytes(3000))
            case 2: raw.send(banner + mutation.randomBytes(mutation.number(40000)))
            case 3: raw.send(mutation.mutate(banner, with: [banner]) + KeyExchange.start)
            case 4: raw.send(banner + KeyExchange.start + mutation.randomBytes(mutation.number(3000)))
            default:
                raw.send(banner + mutation.mutate(KeyExchange.start, with: [KeyExchange.start]) + KeyExchange.point)
            }
            if mutation.number(2) == 0 { raw.finish() }
            // Some stay until the server has had enough of them.
            if mutation.number(4) == 0 { _ = raw.read(4096) }
        }
        print("\(connections) connections")
        #expect(connections > 20)
        try requireUnharmed()
    }
}

/// What the server has answered, for requests to come.
private final class Known {
    var handles: [Handle] = []
}

extension WireClient {
    /// The handles among the replies that have come.
    fileprivate func handlesWaiting() -> [Handle] {
        var handles: [Handle] = []
        while let reply = try? reply(seconds: 0) { if case .handle(let handle) = reply { handles.append(handle) } }
        return handles
    }
}

/// The first packets of a client's key exchange.
///
/// Source: RFC 4253, sections 6 and 7.1; RFC 5656, section 4.
private enum KeyExchange {
    static let start = packet(
        20,
        [UInt8](repeating: 7, count: 16)
            + [
                "curve25519-sha256", "ssh-ed25519", "aes256-gcm@openssh.com", "aes256-gcm@openssh.com",
                "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "",
            ].flatMap { string(Array($0.utf8)) } + [0, 0, 0, 0, 0])
    static let point = packet(30, string([UInt8](repeating: 9, count: 32)))

    private static func string(_ bytes: [UInt8]) -> [UInt8] {
        var field: [UInt8] = []
        field.append(string: bytes)
        return field
    }

    private static func packet(_ type: UInt8, _ fields: [UInt8]) -> [UInt8] {
        let payload = [type] + fields
        let padding = 8 - (payload.count + 5) % 8
        let padded = padding < 4 ? padding + 8 : padding
        var packet: [UInt8] = []
        packet.append(uint32: UInt32(payload.count + 1 + padded))
        return packet + [UInt8(padded)] + payload + [UInt8](repeating: 0, count: padded)
    }
}

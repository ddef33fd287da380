import Foundation
import SFTP
import TestSupport
import Testing

/// An honest client beside hostile ones of each kind: what they do is not its problem.
@Suite(.serialized) struct HostileClientTests {
    /// The least part of the undisturbed speed that is left.
    private static let leastSpeed = Effort.isFull ? 0.5 : 0.25
    /// Kibibytes of the listener's memory, at its peak.
    private static let mostMemory = 64 << 10

    private let server: RunningServer
    private let honest: WireClient
    private let contents = Data.random(4 << 20, seed: 3)

    init() throws {
        server = try RunningServer([("alice", "rw"), ("mallory", "rw")])
        honest = try server.wire("alice")
        _ = try honest.initialize()
        let mallory = try server.wire("mallory")
        _ = try mallory.initialize()
        try #require(try mallory.upload("/large", Data.random(20 << 20, seed: 4)) == .ok)
        try #require(try mallory.ask(RequestWriter.onPath(.mkdir, "/many", .init())) == .ok)
        // Names of stored files are enough for a listing.
        for number in 0..<3000 {
            try Data("x".utf8).write(to: server.data.appending(path: "mallory/many/file-\(number).gpg"))
        }
        mallory.close()
    }

    /// Uploads and downloads a file.
    ///
    /// - Returns: seconds.
    private func work() throws -> Double {
        let start = ContinuousClock.now
        try #require(try honest.upload("/file", contents) == .ok)
        let handle = try #require(try honest.open("/file", .read))
        let offsets = stride(from: 0, to: contents.count, by: 32768)
        let replies = try honest.ask(all: offsets.map { RequestWriter.read(handle, at: UInt64($0), 32768) })
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        var downloaded = Data()
        for case .data(let bytes) in replies { downloaded += bytes }
        try #require(downloaded == contents)
        try #require(try honest.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        return seconds
    }

    private func fastest(_ times: Int) throws -> Double {
        try (0..<times).map { _ in try work() }.min() ?? .infinity
    }

    /// What is left of the speed beside one hostile client, and the time without it.
    ///
    /// Both are measured right after each other; the best of a few rounds counts, as others use the machine too.
    private func speed(beside kind: String) throws -> (left: Double, undisturbed: Double) {
        var best = (left: 0.0, undisturbed: 0.0)
        for _ in 0..<4 where best.left < Self.leastSpeed {
            let undisturbed = try fastest(3)
            let hostile = try HostileClient(kind, server, user: "mallory")
            defer { hostile.stop() }
            let disturbed = try fastest(3)
            #expect(hostile.end == nil, "\(kind): \(hostile.end ?? "")")
            if undisturbed / disturbed > best.left { best = (undisturbed / disturbed, undisturbed) }
        }
        return best
    }

    @Test func anHonestClientIsServed() throws {
        #expect(HostileClient.kinds.count >= 20)
        for kind in Effort.some(6, of: HostileClient.kinds, for: "hostile clients") {
            let left: Double
            let undisturbed: Double
            do { (left, undisturbed) = try speed(beside: kind) } catch {
                Issue.record("\(kind): \(error)")
                continue
            }
            let peak = ProcessTable.figure("VmHWM", of: server.process.identifier) ?? .max
            let percent = Int(left * 100)
            print("\(kind): \(percent) % of the speed (\(Int(undisturbed * 1000)) ms); listener \(peak / 1024) MiB")
            #expect(left >= Self.leastSpeed, "\(kind) leaves \(percent) % of the speed")
            #expect(peak < Self.mostMemory, "the listener has \(peak) KiB after: \(kind)")
            #expect(server.process.isRunning, "\(kind) has ended the server")
            // Whom it has left behind is ended, and others can log in.
            try waitUntil("the sessions have ended after: \(kind)", seconds: 60) { server.sessions.count == 1 }
        }
        let newcomer = try server.wire("alice")
        #expect(try newcomer.initialize() != nil)
        #expect(try newcomer.upload("/other", contents) == .ok)
        #expect(!server.log.contains("ended abnormally"), "\(server.log.suffix(3000))")
        #expect(!server.log.contains("\u{1b}"))
    }

    /// Who takes packets so small that nothing fits is the one whose session does not go on.
    @Test(arguments: ["packets of 10"]) func aSessionDoesNotSpin(kind: String) throws {
        let hostile = try HostileClient(kind, server, user: "mallory")
        defer { hostile.stop() }
        try waitUntil("it has been ended") {
            server.log.contains("a client made its session use too much processor time")
        }
        #expect(!server.log.contains("ended abnormally"))
    }
}

import Foundation
import TestSupport
import Testing

/// Which secrets lie in the memory of the two processes of a connection.
@Suite(.serialized) struct SessionMemoryTests {
    private let server: RunningServer

    init() throws { server = try RunningServer([("alice", "rw"), ("drop", "wo")]) }

    /// The readable memory of a process.
    ///
    /// - Returns: nil when this user may not read it.
    private func memory(of process: pid_t) throws -> Data? {
        guard let file = FileHandle(forReadingAtPath: "/proc/\(process)/mem") else { return nil }
        var memory = Data()
        for line in try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard fields[1].hasPrefix("rw"), ends.count == 2 else { continue }
            do {
                try file.seek(toOffset: ends[0])
                memory += try file.read(upToCount: Int(ends[1] - ends[0])) ?? Data()
            } catch {
                continue
            }
        }
        return memory
    }

    /// The 32 secret bytes of the Ed25519 host key.
    private func hostKeySecret() throws -> Data {
        let path = server.configuration.deletingLastPathComponent().appending(path: "hostkeys/ed25519_key").path
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().dropLast()
        let file = try #require(Data(base64Encoded: lines.joined()))
        // The secret and the public part together are 64 bytes.
        let place = try #require(file.range(of: Data([0, 0, 0, 64]), options: .backwards))
        return file[place.upperBound...].prefix(32)
    }

    private func found(in process: pid_t, given: String) throws -> Set<String>? {
        guard let memory = try memory(of: process) else { return nil }
        var found: Set<String> = []
        if memory.range(of: try hostKeySecret()) != nil { found.insert("host key") }
        if memory.range(of: Data("$argon2id$v=".utf8)) != nil, memory.range(of: Data("t=4,p=1$".utf8)) != nil {
            for line in try String(contentsOf: server.configuration, encoding: .utf8).split(separator: "\n")
            where line.hasPrefix("password") {
                let hash = String(line.split(separator: "\"")[1])
                if memory.range(of: Data(hash.utf8)) != nil { found.insert("hashes") }
            }
        }
        if memory.range(of: Data(given.utf8)) != nil { found.insert("password") }
        return found
    }

    @Test(arguments: [
        ("alice", RunningServer.passphrase), ("drop", "a-visitors-password"), ("drop", RunningServer.passphrase),
    ])
    func sessionsHaveNone(user: String, password: String) throws {
        let wire = try server.wire(user, password: password)
        _ = try wire.initialize()
        _ = try wire.names(in: "/")
        let (session, monitor) = try (#require(server.sessions.first), #require(server.monitors.first))
        guard let left = try found(in: session, given: password) else {
            return print("skipped: only root can read a session's memory")
        }
        #expect(left == [])
        // The search finds what is there; the monitor has forgotten the password all the same.
        #expect(try found(in: monitor, given: password) == ["host key", "hashes"])
    }
}

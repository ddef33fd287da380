import Foundation
import Synchronization
import TestSupport
import Testing

/// As many sessions as there may be, all busy with different things, and what is left of that.
///
/// `CRYPTSFTP_SOAK_MINUTES` is for how long; `bin/soak` sets it.
@Suite(.serialized, .enabled(if: Effort.isFull, "64 busy sessions are for bin/test --full"))
struct SoakTests {
    private static let sessions = 64

    /// What there is of the server at one moment.
    private struct Counts: CustomStringConvertible {
        let memory: Int
        let descriptors: Int
        let sessions: Int
        let gnupg: Int
        let directories: Int
        let drafts: Int

        init(_ server: RunningServer, _ directories: Set<String>) {
            memory = ProcessTable.figure("VmRSS", of: server.process.identifier) ?? -1
            descriptors = ProcessTable.descriptors(of: server.process.identifier) ?? -1
            sessions = server.sessions.count
            gnupg = ProcessTable.all().filter { process in directories.contains { process.uses($0) } }.count
            self.directories = directories.filter { FileManager.default.fileExists(atPath: $0) }.count
            drafts = server.drafts.count
        }

        var description: String {
            "listener \(memory) KiB, \(descriptors) descriptors; \(sessions) sessions, \(gnupg) gpg and agents,"
                + " \(directories) runtime directories, \(drafts) drafts"
        }
    }

    private let server: RunningServer
    private let seconds: Double

    init() throws {
        server = try RunningServer(
            [("alice", "rw"), ("drop", "wo")],
            append: """

                [limits]
                sessions = 200
                sessions_per_address = 200
                unauthenticated = 200
                login_seconds = 300

                """)
        let minutes = ProcessInfo.processInfo.environment["CRYPTSFTP_SOAK_MINUTES"].flatMap { Double($0) }
        seconds = minutes.map { $0 * 60 } ?? 20
    }

    @Test func nothingGrowsAndNothingIsLeft() throws {
        let seed = SeededNumbers(for: "soak").seed
        // What the first connection makes once is not growth.
        #expect(try server.sftp("alice", "ls").status == 0)
        try waitUntil("the first session has ended") { server.sessions.isEmpty }
        let before = Counts(server, [])
        print("before: \(before)")

        let done = Mutex<[SoakClient.Job: Int]>([:])
        let stored = Mutex<[String: [String: Data]]>(["alice": [:], "drop": [:]])
        let (door, seconds) = (server.door, seconds)
        let logins = DispatchSemaphore(value: 6)
        let crowd = Crowd(SoakTests.sessions, stages: 3) { number, stageIsOver in
            logins.wait()
            var client = try { [logins] in
                defer { logins.signal() }
                return try SoakClient(number: number, isVisitor: number % 4 == 3, door, seed: seed)
            }()
            defer { client.disconnect() }
            stageIsOver()
            for _ in 0..<2 {
                let end = Date().addingTimeInterval(seconds / 2)
                while Date() < end {
                    let job = try client.work()
                    done.withLock { $0[job, default: 0] += 1 }
                }
                stageIsOver()
            }
            let user = client.isVisitor ? "drop" : "alice"
            stored.withLock { $0[user]?.merge(client.files) { $1 } }
        }
        var directories: Set<String> = []
        var counts: [Counts] = []
        for (stage, name) in ["logged in", "in the middle", "at the end"].enumerated() {
            crowd.waitForAll(stage) { directories.formUnion(server.runtimeDirectories.map(\.path)) }
            // The session of a client that was cut off ends after its client has gone: it keeps what has arrived.
            try waitUntil("cut-off sessions have ended") { server.sessions.count == SoakTests.sessions }
            counts.append(Counts(server, directories))
            print("\(name): \(counts.last.map(String.init(describing:)) ?? "")")
            crowd.goOn(from: stage)
        }
        crowd.join()
        let jobs = done.withLock { $0 }
        print("jobs: \(jobs.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", "))")
        #expect(crowd.problems.isEmpty, "\(crowd.problems.joined(separator: "\n"))")
        #expect(jobs.count == SoakClient.Job.allCases.count, "each kind of work was done")
        try expectLittleGrowth(before, counts)
        try expectNothingLeft(before, directories)
        for (user, files) in stored.withLock({ $0 }) {
            // All visitors give the same password, and are one visit.
            let root = try user == "drop" ? server.visit() : user
            let found = try server.recover(all: files.keys.map { "\(root)\($0).gpg" }, user: user)
            for (path, contents) in files where found["\(root)\(path).gpg"] != contents {
                Issue.record("\(user)\(path) is not what was stored")
            }
        }
    }

    private func expectLittleGrowth(_ before: Counts, _ counts: [Counts]) throws {
        try #require(counts.count == 3)
        let (first, middle, end) = (counts[0], counts[1], counts[2])
        #expect(first.sessions == SoakTests.sessions && end.sessions == SoakTests.sessions)
        // One descriptor for each session.
        #expect(end.descriptors == first.descriptors)
        #expect(end.memory < middle.memory + middle.memory / 8, "the listener grows")
    }

    private func expectNothingLeft(_ before: Counts, _ directories: Set<String>) throws {
        var after = Counts(server, directories)
        try? waitUntil("all is cleaned up", seconds: 60) {
            after = Counts(server, directories)
            return after.sessions + after.gnupg + after.directories + after.drafts == 0
        }
        print("after: \(after)")
        #expect(after.sessions == 0 && after.gnupg == 0 && after.directories == 0 && after.drafts == 0)
        // The listener holds the directory of the visit and its home for a quarter of an hour.
        #expect(after.descriptors <= before.descriptors + 2)
        #expect(directories.count >= SoakTests.sessions)
    }
}

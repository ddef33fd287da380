import Foundation
import SFTP
import TestSupport

/// Clients that upload at once, and something that is killed under them at a random moment, again and again.
final class KillMatrix {
    enum Victim: String, CaseIterable {
        case session, client, gpg, agent, listener
        /// The listener and all its sessions.
        case everything

        var needsRestart: Bool { self == .listener || self == .everything }
    }

    private let server: RunningServer
    private var numbers: SeededNumbers
    private let uploaders = (0..<4).map { Uploader(number: $0) }
    private(set) var ledger = Ledger()
    /// Runtime directories that sessions have had which may not have been cleaned up yet.
    private var directories: Set<String> = []
    /// How often each was killed.
    private(set) var kills: [Victim: Int] = [:]
    /// Uploads of which a part was kept.
    private(set) var partials = 0
    /// What went wrong.
    private(set) var problems: [String] = []

    init(_ numbers: SeededNumbers) throws {
        self.numbers = numbers
        server = try RunningServer([("alice", "rw")])
    }

    var total: Int { kills.values.reduce(0, +) }

    /// Whether enough uploads have ended in each way for `kills` to have shown anything.
    func hasSeenAll(_ kills: Int) -> Bool {
        let counts = ledger.counts
        return counts[.acknowledged, default: 0] > kills && partials > 0
            && counts[.refused, default: 0] + counts[.unknown, default: 0] > kills / 4
    }

    /// Lets all upload, kills one thing, and looks at what is stored.
    ///
    /// - Parameter real: a client that is not ours and uploads at the same time.
    func round(_ victim: Victim, beside real: RealClient.Kind?) throws {
        for uploader in uploaders { try uploader.connect(to: server) }
        directories.formUnion(server.runtimeDirectories.map(\.path))
        let real = try real.map { try RealClient($0, server, &numbers) }
        // What arrives of a new file before its client is cut off is kept as a partial.
        let cut = victim == .client ? uploaders.randomElement(using: &numbers) : nil
        for uploader in uploaders { try uploader.begin(&ledger, &numbers, anew: uploader === cut) }
        for uploader in uploaders { try uploader.sendSome(&numbers, mayClose: uploader !== cut) }
        // A CLOSE takes some ten milliseconds: most kills are to come before all have ended.
        let moment = real == nil ? [10_000, 20_000, 80_000].randomElement(using: &numbers) ?? 0 : 700_000
        usleep(UInt32.random(in: 0...UInt32(moment), using: &numbers))
        directories.formUnion(server.runtimeDirectories.map(\.path))
        let victims = kill(victim, cut)
        if victim.needsRestart { try server.restart() }
        for uploader in uploaders {
            let session = uploader.session ?? 0
            let wasHit = victims.isEmpty || victims.contains(session)
            let outcome = try uploader.finish(&ledger, hadDied: wasHit && (victim == .session || victim == .everything))
            if !wasHit, let outcome, outcome != .acknowledged {
                problems.append("\(victim.rawValue): an upload of another session ended as \(outcome)")
            }
        }
        try real?.finish(&ledger, server)
        if victim.needsRestart { uploaders.forEach { $0.disconnect() } }
        try look(after: victim)
    }

    /// Kills at random one of what there is of a kind.
    ///
    /// - Returns: the sessions that are hit; none when all may be.
    private func kill(_ victim: Victim, _ cut: Uploader?) -> Set<pid_t> {
        func hit(_ process: pid_t?, _ session: pid_t?) -> Set<pid_t> {
            guard let process, let session else { return [-1] }
            kills[victim, default: 0] += 1
            Foundation.kill(process, SIGKILL)
            return [session]
        }
        switch victim {
        case .session:
            let session = server.sessions.randomElement(using: &numbers)
            return hit(session, session)
        case .client:
            guard let cut else { return [-1] }
            defer { cut.cutOff() }
            kills[victim, default: 0] += 1
            return cut.session.map { [$0] } ?? []
        case .gpg, .agent:
            let name = victim == .gpg ? "gpg" : "gpg-agent"
            let owners = Dictionary(server.runtimeDirectories.map { ($0.path, $0.owner) }) { first, _ in first }
            let found = ProcessTable.all().filter { $0.name == name }.compactMap { process in
                owners.first { directory, _ in process.uses(directory) }.map { (process.identifier, $0.value) }
            }.randomElement(using: &numbers)
            return hit(found?.0, found?.1)
        case .listener:
            kills[victim, default: 0] += 1
            server.process.signal(SIGKILL)
            // Its sessions finish what they are at.
            return [-1]
        case .everything:
            kills[victim, default: 0] += 1
            let all = server.sessions + server.monitors + [server.process.identifier]
            all.forEach { Foundation.kill($0, SIGSTOP) }
            all.forEach { Foundation.kill($0, SIGKILL) }
            return []
        }
    }

    /// Waits until all is cleaned up, and compares what is stored with the ledger.
    private func look(after victim: Victim) throws {
        try waitUntilClean()
        let home = try FileManager.default.contentsOfDirectory(atPath: server.data.appending(path: "alice").path)
        let names = Set(home.filter { $0.hasSuffix(".gpg") }.map { String($0.dropLast(4)) })
        let partials = home.filter { $0.hasSuffix(".gpg.part") }.map { String($0.dropLast(9)) }
        self.partials += ledger.touched.intersection(partials).count
        let looked = ledger.touched.intersection(names)
        let files = looked.map { "alice/\($0).gpg" } + partials.map { "alice/\($0).gpg.part" }
        let found = try server.recover(all: files)
        let touched = ledger.touched
        var wrong = ledger.compare(
            names, Dictionary(uniqueKeysWithValues: looked.map { ($0, found["alice/\($0).gpg"] ?? Data()) }),
            partials: Dictionary(
                uniqueKeysWithValues: partials.map { ($0, found["alice/\($0).gpg.part"] ?? Data("damaged".utf8)) }))
        for name in looked where found["alice/\(name).gpg"] == nil { wrong.append("gpg does not open \(name)") }
        if home.count != names.count + partials.count { wrong.append("what is that? \(home)") }
        for uploader in uploaders { try uploader.connect(to: server) }
        if let wire = uploaders.randomElement(using: &numbers)?.wire {
            wrong += try listed(
                wire, names,
                Dictionary(uniqueKeysWithValues: partials.map { ($0, found["alice/\($0).gpg.part"]?.count) }),
                touched)
        }
        problems += wrong.map { "\(victim.rawValue), kill \(total): \($0)" }
    }

    /// Compares what a client is shown with what is stored.
    private func listed(
        _ wire: WireClient, _ names: Set<String>, _ partials: [String: Int?], _ touched: Set<String>
    ) throws -> [String] {
        var wrong: [String] = []
        if try wire.names(in: "/") != names.union(partials.keys) { wrong.append("the listing is not what is stored") }
        for (name, count) in partials {
            if try wire.size("/\(name)") != count.map({ UInt64($0) }) {
                wrong.append("the partial of \(name) has another size")
            }
            let reply = try wire.ask(RequestWriter.open("/\(name)", .read))
            guard case .status(4, let sentence)? = reply, sentence.hasPrefix("incomplete upload") else {
                wrong.append("the partial of \(name) can be read: \(String(describing: reply))")
                continue
            }
        }
        for name in touched.intersection(names) {
            if try wire.size("/\(name)") != ledger.kept[name].map({ UInt64($0.count) }) {
                wrong.append("\(name) has another size")
            }
        }
        if let name = touched.intersection(names).first, try wire.download("/\(name)") != ledger.kept[name] {
            wrong.append("\(name) is not downloaded as it was stored")
        }
        return wrong
    }

    /// Waits until there is nothing but what the connected clients need.
    private func waitUntilClean() throws {
        var left = ""
        do {
            try waitUntil("only what is needed is left", seconds: 60) {
                let expected = Set(uploaders.compactMap(\.session))
                let sessions = Set(server.sessions)
                let gone = directories.subtracting(server.runtimeDirectories.map(\.path))
                let stale = gone.filter { FileManager.default.fileExists(atPath: $0) }
                let strays = strays(of: gone)
                left =
                    "sessions \(sessions.subtracting(expected)), directories \(stale), drafts \(server.drafts), \(strays)"
                return sessions.isSubset(of: expected) && stale.isEmpty && server.drafts.isEmpty && strays.isEmpty
            }
        } catch {
            problems.append("left after a kill: \(left)")
        }
        directories = Set(server.runtimeDirectories.map(\.path))
        // One that was hit between two uploads is found out here.
        let sessions = Set(server.sessions)
        for uploader in uploaders where !sessions.contains(uploader.session ?? 0) { uploader.disconnect() }
    }

    /// Processes of GnuPG that nobody needs any more.
    private func strays(of directories: Set<String>) -> [String] {
        ProcessTable.all().filter { process in directories.contains { process.uses($0) } }.map {
            "\($0.name) \($0.identifier)"
        }
    }

    /// Ends all, and looks at everything that was ever acknowledged.
    func finish() throws {
        for uploader in uploaders { uploader.disconnect() }
        try waitUntilClean()
        let found = try server.recover(all: ledger.kept.keys.map { "alice/\($0).gpg" })
        for (name, contents) in ledger.kept where found["alice/\(name).gpg"] != contents {
            problems.append("in the end \(name) is not what was acknowledged")
        }
    }
}

import Foundation
import SFTP
import TestSupport
import Testing
import Vault

/// A session that is not the owner's and one of the owner, which send all kinds of requests for the same names, each in
/// the middle of the other's: at every lock of a directory the other one acts.
///
/// A model says who has stored which file. Nobody but its writer may change a stored byte, name, mode or time.
@Suite(.serialized) struct TwoSessionsTests {
    /// One who acts, and what it has stored, by inode.
    private final class Actor {
        let name: String
        let isOwner: Bool
        var session: Exchange?
        var open: [(handle: Handle, path: String, text: [UInt8])] = []

        init(_ name: String, isOwner: Bool) {
            self.name = name
            self.isOwner = isOwner
        }
    }

    /// A stored file or directory as the disk has it.
    private struct Object: Equatable {
        var path: String
        var mode: mode_t
        var modified: Int
        var bytes: Data
    }

    private final class Run {
        let home: HomeFixture
        /// The directory, below the home, in which both act.
        let place: String
        var random: SeededNumbers
        let actors: [Actor]
        /// Who acts now: what the other one has stored must not change meanwhile, but by what it does itself in a pause.
        var depth = 0
        /// Objects by inode, and who has stored them.
        var known: [UInt64: (object: Object, writer: String)] = [:]
        var failures: [String] = []
        var log: [String] = []

        init(_ home: HomeFixture, _ actors: [Actor], at place: String, seed: UInt64) {
            self.home = home
            self.actors = actors
            self.place = place
            random = SeededNumbers(seed: seed)
        }

        private static let names = ["a", "b", "a.gpg", "d/a", "d/b", "d", "e", "e/a"]

        func name() -> String { "/" + (Run.names.randomElement(using: &random) ?? "a") }

        /// What is on the disk, by inode.
        func disk() -> [UInt64: Object] {
            let root = home.scratch.path("home/" + place)
            var objects: [UInt64: Object] = [:]
            for path in (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? [] {
                var status = stat()
                guard lstat(root + "/" + path, &status) == 0 else { continue }
                let isFile = status.st_mode & S_IFMT == S_IFREG
                objects[UInt64(status.st_ino)] = Object(
                    path: path, mode: status.st_mode, modified: isFile ? status.st_mtim.tv_sec : 0,
                    bytes: isFile ? (try? Data(contentsOf: URL(filePath: root + "/" + path))) ?? Data() : Data())
            }
            return objects
        }

        /// Has one actor do one thing, and looks at what has become of the other's files.
        func step(_ actor: Actor) {
            guard let session = actor.session else { return }
            // What was changed up to here belongs to whoever was acting until now.
            settle(by: depth == 0 ? actor : actors.first { $0 !== actor } ?? actor)
            depth += 1
            let what = act(actor, session)
            depth -= 1
            log.append("\(actor.name): \(what)")
            settle(by: actor)
        }

        /// Called at every lock: sometimes the other one acts.
        func pause(_ actor: Actor) {
            guard depth == 1, Int.random(in: 0..<2, using: &random) == 0,
                let other = actors.first(where: { $0 !== actor })
            else { return }
            step(other)
        }

        /// Compares the disk with what is known, and takes note of what is new, as written by `actor`.
        private func settle(by actor: Actor) {
            let now = disk()
            if !actor.isOwner {
                for (inode, entry) in known where entry.writer != actor.name {
                    guard let there = now[inode] else {
                        failures.append("\(actor.name) has removed \(entry.object.path) of \(entry.writer)")
                        continue
                    }
                    guard there != entry.object else { continue }
                    // An older file may get a dated name beside the new one: that loses nothing.
                    var aside = there
                    aside.path = entry.object.path
                    let isAside =
                        aside == entry.object && isDated(there.path, of: entry.object.path)
                    if !isAside {
                        failures.append(
                            "\(actor.name) has changed \(entry.object.path) of \(entry.writer) to \(there.path) "
                                + "\(String(there.mode, radix: 8)) \(there.modified)")
                    }
                }
            }
            var next: [UInt64: (object: Object, writer: String)] = [:]
            for (inode, object) in now {
                let writer = known[inode].map { $0.object.bytes == object.bytes ? $0.writer : actor.name } ?? actor.name
                next[inode] = (object, writer)
            }
            known = next
        }

        private func isDated(_ path: String, of older: String) -> Bool {
            let stem = older.hasSuffix(".gpg") ? older.dropLast(4) : older[...]
            let base = stem.hasSuffix(".gpg") ? stem.dropLast(4) : stem
            return path.hasPrefix(base + " (")
        }

        /// Sends a request at random.
        private func act(_ actor: Actor, _ session: Exchange) -> String {
            let (path, other) = (name(), name())
            let times = FileAttributes(
                permissions: [0, 0o600, 0o644].randomElement(using: &random),
                times: .init(access: 7, modification: UInt32.random(in: 1...9, using: &random)))
            let text = [UInt8]("\(actor.name) \(UInt32.random(in: 0 ... .max, using: &random))".utf8)
            func ask(_ packet: [UInt8]) -> String {
                let code = (try? session.ask(packet))?.code
                return code.map { "\($0)" } ?? "?"
            }
            switch Int.random(in: 0..<14, using: &random) {
            case 0, 1:
                guard let handle = try? session.open(path, [.write, .create, .truncate]) else { return "put \(path) -" }
                _ = try? session.write(handle, at: 0, text)
                return "put \(path) \(ask(RequestWriter.onHandle(.close, handle)))"
            case 2:
                let flags: OpenFlags =
                    [[.write, .create], [.write, .create, .exclusive], [.write], [.read, .write]]
                    .randomElement(using: &random) ?? [.write]
                guard let handle = try? session.open(path, flags) else { return "open \(path) -" }
                _ = try? session.write(handle, at: 0, text)
                return "write \(path) \(ask(RequestWriter.onHandle(.close, handle)))"
            case 3:
                guard actor.open.count < 4,
                    let handle = try? session.open(path, [.write, .create, .truncate])
                else { return "-" }
                _ = try? session.write(handle, at: 0, text)
                actor.open.append((handle, path, text))
                return "begin \(path)"
            case 4:
                guard !actor.open.isEmpty else { return "-" }
                let last = actor.open.remove(at: Int.random(in: 0..<actor.open.count, using: &random))
                if Bool.random(using: &random) { _ = ask(RequestWriter.fsetstat(last.handle, times)) }
                return "end \(last.path) \(ask(RequestWriter.onHandle(.close, last.handle)))"
            case 5: return "remove \(path) \(ask(RequestWriter.onPaths(.remove, path)))"
            case 6: return "rename \(path) \(other) \(ask(RequestWriter.onPaths(.rename, path, other)))"
            case 7: return "posix-rename \(path) \(other) \(ask(RequestWriter.posixRename(path, other)))"
            case 8: return "mkdir \(path) \(ask(RequestWriter.onPath(.mkdir, path, FileAttributes())))"
            case 9: return "rmdir \(path) \(ask(RequestWriter.onPaths(.rmdir, path)))"
            case 10, 11: return "setstat \(path) \(ask(RequestWriter.onPath(.setstat, path, times)))"
            case 12:
                return "truncate \(path) \(ask(RequestWriter.onPath(.setstat, path, FileAttributes(size: 1))))"
            default:
                // Opened and closed without a WRITE, with other times: as touch does.
                guard let handle = try? session.open(path, [.write]) else { return "touch \(path) -" }
                _ = ask(RequestWriter.fsetstat(handle, times))
                return "touch \(path) \(ask(RequestWriter.onHandle(.close, handle)))"
            }
        }
    }

    private static let steps = Effort.count(750, full: 10_000)

    /// Has the owner and a session with another view act in the same home.
    private func run(_ view: View, seed: UInt64) throws -> Run {
        let home = try HomeFixture(isShared: true)
        let (owner, other) = (Actor("owner", isOwner: true), Actor("other", isOwner: false))
        let run = Run(home, [owner, other], at: "", seed: seed)
        owner.session = try home.connect { run.pause(owner) }
        other.session = try home.connect(as: view) { run.pause(other) }
        for _ in 0..<Self.steps where run.failures.isEmpty {
            run.step(Bool.random(using: &run.random) ? owner : other)
        }
        return run
    }

    /// The owner may do everything; the key adds.
    @Test func aKeyAndTheOwner() throws {
        let seed = SeededNumbers(for: "TwoSessionsTests.aKeyAndTheOwner").seed
        let run = try run(.addOnly(.keep), seed: seed)
        #expect(run.failures.isEmpty, "seed \(seed): \(run.failures)\n\(run.log.suffix(12).joined(separator: "\n"))")
    }

    /// A session that is let at the owner's files as a visitor is at its own: the model notices.
    @Test func whoMayChangeEverythingIsNoticed() throws {
        #expect(try !run(.visit, seed: 1).failures.isEmpty)
    }

    /// A visitor's names are its own: whatever it asks for, nothing beside its directory changes.
    @Test func aVisitorAndTheOwner() throws {
        let seed = SeededNumbers(for: "TwoSessionsTests.aVisitorAndTheOwner").seed
        let home = try HomeFixture(isShared: true)
        try FileManager.default.createDirectory(
            atPath: home.scratch.path("home/visit"), withIntermediateDirectories: true)
        let (owner, visitor) = (Actor("owner", isOwner: true), Actor("visitor", isOwner: false))
        // The owner's session has the same names in a directory beside the visit's.
        try FileManager.default.createDirectory(
            atPath: home.scratch.path("home/own"), withIntermediateDirectories: true)
        let run = Run(home, [owner, visitor], at: "own", seed: seed)
        owner.session = try home.connect(at: "own") { run.pause(owner) }
        visitor.session = try home.connect(as: .visit, at: "visit") { run.pause(visitor) }
        for _ in 0..<Self.steps where run.failures.isEmpty {
            run.step(Bool.random(using: &run.random) ? owner : visitor)
        }
        #expect(run.failures.isEmpty, "seed \(seed): \(run.failures)\n\(run.log.suffix(12).joined(separator: "\n"))")
    }
}

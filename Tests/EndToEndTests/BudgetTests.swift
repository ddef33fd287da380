import Foundation
import SFTP
import Synchronization
import TestSupport
import Testing

/// The limits of what a helper may put into somebody's home.
@Suite(.serialized) struct BudgetTests {
    private func server(_ setting: String, limits: String = "") throws -> RunningServer {
        let server = try RunningServer([("alice", "rw"), ("drop", "wo")])
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        try Data((text.replacing("name = \"drop\"", with: "name = \"drop\"\n\(setting)") + limits).utf8)
            .write(to: server.configuration)
        return server
    }

    /// The files below a user's home, and their bytes.
    private func usage(_ server: RunningServer) throws -> (files: Int, bytes: Int) {
        let home = server.data.appending(path: "drop")
        var usage = (files: 0, bytes: 0)
        for name in try FileManager.default.subpathsOfDirectory(atPath: home.path) where name.hasSuffix(".gpg") {
            usage.files += 1
            usage.bytes +=
                try FileManager.default.attributesOfItem(atPath: home.appending(path: name).path)[.size] as? Int ?? 0
        }
        return usage
    }

    /// Sixteen sessions upload at once what is twice as much as there is room for.
    @Test func sixteenSessionsAtOnceUseNoMoreThanThereIs() throws {
        let server = try server("max_megabytes = 4")
        let door = server.door
        let outcomes = Mutex<[Reply?]>([])
        let problems = Mutex<[String]>([])
        let size = 500_000
        DispatchQueue.concurrentPerform(iterations: 16) { number in
            do {
                let wire = try door.wire("drop", password: number % 2 == 0 ? "one" : "two")
                _ = try wire.initialize()
                let reply = try wire.upload("/file \(number)", Data.random(size, seed: UInt64(number)))
                outcomes.withLock { $0.append(reply) }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        #expect(problems.withLock { $0 } == [])
        let stored = outcomes.withLock { $0.count { $0 == .ok } }
        let used = try usage(server)
        #expect(used.bytes <= 4 << 20 && used.files == stored, "\(used), \(stored) acknowledged")
        #expect(stored >= 4, "\(stored)")
        let texts = outcomes.withLock { $0 }.compactMap { if case .status(4, let text)? = $0 { text } else { nil } }
        #expect(texts.count == 16 - stored && texts.allSatisfy { $0.contains("this box is full") }, "\(texts)")
        // What was given up is given back: the rest of the room can be used, and df tells it.
        let wire = try server.wire("drop", password: "one")
        _ = try wire.initialize()
        let left = (4 << 20) - used.bytes
        if left > 20_000 { #expect(try wire.upload("/last", Data.random(left - 10_000)) == .ok) }
        let more = try wire.upload("/more", Data.random(20_000))
        #expect(more?.code == 4)
        let df = try server.sftp("drop", "df", password: "one")
        #expect(df.status == 0 && df.text.contains("4096"), "\(df.text)")
    }

    @Test func removedFilesGiveTheirRoomBack() throws {
        let server = try server("max_megabytes = 1\nmax_files = 5")
        let visitor = try server.wire("drop", password: "one")
        _ = try visitor.initialize()
        let contents = Data.random(600_000)
        #expect(try visitor.upload("/a", contents) == .ok)
        #expect(try visitor.upload("/b", contents)?.code == 4)
        // A size that is known at OPEN is refused there.
        let announced = RequestWriter.open("/b", [.write, .create], FileAttributes(size: 600_000))
        #expect(try visitor.ask(announced)?.code == 4)
        #expect(try visitor.ask(RequestWriter.onPaths(.remove, "/a")) == .ok)
        #expect(try visitor.upload("/b", contents) == .ok)
        // The owner is not limited, and what the owner removes is given back at once.
        let name = try server.visit().dropFirst(5)
        try server.scratch.file("big", Data.random(2_000_000))
        #expect(try server.sftp("drop", "put big\nrm \"\(name)/b\"").status == 0)
        #expect(try visitor.upload("/c", contents)?.code == 4)
        #expect(try server.sftp("drop", "rm big").status == 0)
        #expect(try visitor.upload("/c", contents) == .ok)
        // Five files and directories, of which the visit's own is one.
        for path in ["/d", "/e", "/f"] {
            #expect(try visitor.ask(RequestWriter.onPath(.mkdir, path, FileAttributes())) == .ok, "\(path)")
        }
        #expect(try visitor.ask(RequestWriter.onPath(.mkdir, "/g", FileAttributes()))?.code == 4)
        #expect(try visitor.upload("/g", Data())?.code == 4)
    }

    @Test func someSpaceIsLeftFreeForTheOwner() throws {
        let server = try server("", limits: "\n[limits]\nreserve_megabytes = 900000000\n")
        let refused = try server.wire("drop", password: "one")
        _ = try refused.initialize()
        guard case .status(4, let text)? = try refused.upload("/a", Data.random(1000)) else {
            Issue.record("it was stored")
            return
        }
        #expect(text.contains("kept free"))
        try server.scratch.file("mine", Data.random(1000))
        #expect(try server.sftp("drop", "put mine").status == 0)
    }

    @Test func theTreeIsNotDeep() throws {
        let server = try server("max_depth = 4")
        let wire = try server.wire("drop", password: "one")
        _ = try wire.initialize()
        var path = ""
        var made = 0
        while made < 10, try wire.ask(RequestWriter.onPath(.mkdir, path + "/d", FileAttributes())) == .ok {
            path += "/d"
            made += 1
        }
        #expect(made == 4)
        #expect(try wire.upload(path + "/file", Data([1]))?.code == 4)
    }
}

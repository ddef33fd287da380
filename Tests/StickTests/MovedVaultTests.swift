import Foundation
import SFTP
import TestSupport
import Testing

/// A vault that is copied from one file system to another, by plain `cp -r`.
@Suite(.serialized) final class MovedVaultTests {
    /// What has to last as long as the test.
    private var kept: [AnyObject] = []

    static let foreign = Stick.available.filter(\.isPortable)

    private func contents(_ server: RunningServer) throws -> [[UInt8]: [UInt8]] {
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        defer { wire.close() }
        return try contents(wire, [])
    }

    /// Files by their paths, and directories by theirs, with a slash.
    private func contents(_ wire: WireClient, _ directory: [UInt8]) throws -> [[UInt8]: [UInt8]] {
        var found: [[UInt8]: [UInt8]] = [:]
        for name in try #require(try wire.list(directory + [UInt8(ascii: "/")])) {
            let path = directory + [UInt8(ascii: "/")] + name
            if try wire.list(path) != nil {
                found[path + [UInt8(ascii: "/")]] = []
                found.merge(try contents(wire, path)) { first, _ in first }
            } else {
                let bytes: [UInt8] = try #require(try wire.get(path), "\(path.shown)")
                found[path] = bytes
            }
        }
        return found
    }

    private func fill(_ server: RunningServer, _ names: [[UInt8]] = OddNames.all) throws {
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        for (number, name) in names.enumerated() {
            let directory = OddNames.path(name)
            if number % 3 == 0 { try #require(try wire.makeDirectory(directory) == .ok, "\(name.shown)") }
            let path = number % 3 == 0 ? OddNames.path(name, name) : directory
            try #require(try wire.put(path, name) == .ok, "\(name.shown)")
        }
        wire.close()
    }

    private func copy(_ from: URL, to target: URL) throws {
        let run = try Command.run("cp", ["-r", from.path + "/alice", target.path + "/"])
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test(arguments: foreign) func fromAnOrdinaryDiskAndBack(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        kept.append(stick)
        let home = try RunningServer([("alice", "rw")], portableNames: true)
        kept.append(home)
        // fusefat, where that is the driver, holds only ASCII, which `cp` cannot know.
        let isASCII = kind == .FAT && stick.driver != nil
        let names = OddNames.all.filter { name in
            !isASCII || name.allSatisfy { $0 < 0x80 } || String(validating: name, as: UTF8.self) == nil
        }
        try fill(home, names)
        let before = try contents(home)
        #expect(before.count == names.count + (names.count + 2) / 3)

        try copy(home.data, to: stick.mount)
        let away = try RunningServer([("alice", "rw")], data: stick.mount)
        kept.append(away)
        #expect(try contents(away) == before)

        // And back, to where names need not be portable.
        let back = try RunningServer([("alice", "rw")])
        kept.append(back)
        try copy(stick.mount, to: back.data)
        #expect(try contents(back) == before)
        // All of it can be changed and removed there.
        let wire = try back.wire("alice")
        _ = try wire.initialize()
        for path in before.keys where path.last != UInt8(ascii: "/") {
            try #require(try wire.put(path, [1]) == .ok, "\(path.shown)")
            #expect(try wire.get(path) == [1], "\(path.shown)")
            try #require(try wire.remove(path) == .ok, "\(path.shown)")
            #expect(try !wire.exists(path), "\(path.shown)")
        }
        for path in before.keys where path.last == UInt8(ascii: "/") {
            try #require(try wire.removeDirectory(Array(path.dropLast())) == .ok, "\(path.shown)")
        }
        #expect(try contents(back).isEmpty)
    }

    @Test(arguments: foreign) func fromAStickToAnOrdinaryDiskAndBack(kind: Stick.Kind) throws {
        let stick = try Stick(kind)
        kept.append(stick)
        let away = try RunningServer([("alice", "rw")], data: stick.mount)
        kept.append(away)
        try fill(away)
        let before = try contents(away)
        let back = try RunningServer([("alice", "rw")])
        kept.append(back)
        try copy(stick.mount, to: back.data)
        #expect(try contents(back) == before)
        let other = try Stick(kind)
        kept.append(other)
        try copy(back.data, to: other.mount)
        let again = try RunningServer([("alice", "rw")], data: other.mount)
        kept.append(again)
        #expect(try contents(again) == before)
    }
}

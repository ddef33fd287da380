import Foundation
import SFTP
import TestSupport
import Testing

/// A session neither shows nor changes files outside the home directory, whatever is put into it.
///
/// Landlock and seccomp are not in force here: only the system calls of `Directory` are tested.
@Suite struct EscapeTests {
    private let fixture: HomeFixture
    private let exchange: Exchange
    private let outside: Surroundings
    private let inside = Array("in the home".utf8)

    init() throws {
        fixture = try HomeFixture()
        exchange = try fixture.connect()
        try exchange.put("/bait", Array(Surroundings.marker.utf8))
        let bait = URL(filePath: fixture.scratch.path("home/bait.gpg"))
        outside = try Surroundings(fixture, stored: Data(contentsOf: bait))
        try FileManager.default.removeItem(at: bait)
    }

    private func home(_ name: String) -> String { fixture.scratch.path("home/\(name)") }

    /// Sends all kinds of requests for one path; errors are ignored.
    ///
    /// - Returns: the names of a listing, and the bytes of a READ.
    @discardableResult
    private func tryAll(on path: String) throws -> (names: [String], bytes: [UInt8]) {
        let names = try names(in: path)
        var bytes: [UInt8] = []
        for type in [PacketType.lstat, .stat, .realpath, .readlink] {
            _ = try exchange.send(RequestWriter.onPaths(type, path))
        }
        for flags in [.read, [.read, .write], .write, [.write, .create, .truncate], [.write, .append]] as [OpenFlags] {
            guard let handle = try exchange.open(path, flags) else { continue }
            if flags.contains(.read), case .data(let data)? = try exchange.ask(RequestWriter.read(handle, at: 0, 1000))
            {
                bytes += data
            }
            if flags.contains(.write) { _ = try exchange.ask(RequestWriter.write(handle, at: 0, inside)) }
            _ = try exchange.ask(RequestWriter.fsetstat(handle, FileAttributes(permissions: 0o640)))
            _ = try exchange.close(handle)
        }
        var changes = FileAttributes(size: 3, permissions: 0o600)
        changes.times = .init(access: 1, modification: 1)
        _ = try exchange.send(RequestWriter.onPath(.setstat, path, changes))
        _ = try exchange.send(RequestWriter.onPath(.mkdir, path, FileAttributes()))
        _ = try exchange.send(RequestWriter.posixRename(path, "/moved"))
        _ = try exchange.send(RequestWriter.posixRename("/moved", path))
        _ = try exchange.send(RequestWriter.onPaths(.symlink, path, "/link"))
        _ = try exchange.send(RequestWriter.onPaths(.rmdir, path))
        _ = try exchange.send(RequestWriter.onPaths(.remove, path))
        return (names, bytes)
    }

    private func names(in path: String) throws -> [String] {
        guard case .handle(let handle)? = try exchange.ask(RequestWriter.onPaths(.opendir, path)) else { return [] }
        var names: [String] = []
        while case .names(let entries)? = try exchange.ask(RequestWriter.onHandle(.readdir, handle)) {
            names += entries.map { String(decoding: $0.name, as: UTF8.self) }
        }
        _ = try exchange.close(handle)
        return names
    }

    private func expectNothingOutside(_ what: String, _ seen: (names: [String], bytes: [UInt8])) throws {
        #expect(try outside.changes().isEmpty, "\(what)")
        #expect(!seen.names.contains("only-outside"), "\(what)")
        #expect(String(decoding: seen.bytes, as: UTF8.self).contains(Surroundings.marker) == false, "\(what)")
    }

    @Test(arguments: [
        "..", "../outside", "/../outside/x", "x/../../outside/x", "./.././outside/sub", "a/b/../../../outside/x",
        "//../outside/plain",
        "/outside/x", "%2e%2e/outside/x", "..\\outside\\x", "...", "../home/../outside/x", "/..",
        "/../../../../../../etc/passwd", "/etc",
    ])
    func pathsThatGoUp(path: String) throws {
        try expectNothingOutside(path, tryAll(on: path))
        #expect(try exchange.ask(RequestWriter.onPaths(.stat, "/")) != nil)
    }

    @Test(arguments: ["../outside", "ABSOLUTE", "../outside/sub", "/", "/proc/self/root", "/proc/self/cwd"])
    func linksToDirectories(target: String) throws {
        let target = target == "ABSOLUTE" ? outside.directory.path : target
        for path in [
            "/link", "/link/x", "/link/sub/x", "/link/only-outside", "/link/new", "/link/.", "/link/../outside/x",
        ] {
            try? FileManager.default.removeItem(atPath: home("link"))
            try FileManager.default.createSymbolicLink(atPath: home("link"), withDestinationPath: target)
            try expectNothingOutside("\(path) over \(target)", tryAll(on: path))
        }
    }

    @Test(arguments: ["../outside/x.gpg", "ABSOLUTE", "../outside/plain", "/dev/zero", "/proc/self/environ", "nothing"])
    func linksToFiles(target: String) throws {
        let target = target == "ABSOLUTE" ? outside.directory.appending(path: "x.gpg").path : target
        for name in ["file.gpg", "file.gpg.part", "file"] {
            try? FileManager.default.removeItem(atPath: home(name))
            try FileManager.default.createSymbolicLink(atPath: home(name), withDestinationPath: target)
            try expectNothingOutside("\(name) to \(target)", tryAll(on: "/file"))
            try expectNothingOutside("\(name) to \(target)", tryAll(on: "/\(name)"))
        }
    }

    /// Opening a pipe or a device may wait, or have an effect.
    @Test(arguments: ["p", "b", "c"]) func pipesAndDevices(type: String) throws {
        let numbers = type == "p" ? [] : ["1", "5"]  // As a character device, /dev/zero.
        for name in ["file.gpg", "file.gpg.part"] {
            try #require(try Command.run("mknod", [home(name), type] + numbers).status == 0)
            #expect(try exchange.ask(RequestWriter.onPaths(.stat, "/file"))?.code == 2)
            #expect(try exchange.ask(RequestWriter.open("/file", .read))?.code == 2)
            try expectNothingOutside(name, tryAll(on: "/file"))
            try? FileManager.default.removeItem(atPath: home(name))
        }
    }

    /// The server does not open the pipe: a process that waits for a reader keeps waiting.
    @Test func pipesThatSomebodyWritesTo() throws {
        try #require(mkfifo(home("file.gpg"), 0o600) == 0)
        let writer = try ChildProcess("sh", ["-c", "echo found >\(home("file.gpg"))"])
        usleep(200_000)
        try expectNothingOutside("a pipe", tryAll(on: "/file"))
        _ = try exchange.ask(RequestWriter.open("/file", .read))
        usleep(100_000)
        #expect(writer.isRunning)
        writer.signal(SIGKILL)
        _ = writer.wait(seconds: 10)
    }

    @Test func sockets() throws {
        let script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        let made = try Command.run("/usr/bin/python3", ["-c", script, "s.gpg"], in: URL(filePath: home("")))
        try #require(made.status == 0, "\(made.errors)")
        #expect(try exchange.ask(RequestWriter.onPaths(.stat, "/s"))?.code == 2)
        #expect(try exchange.ask(RequestWriter.open("/s", .read))?.code == 2)
        try expectNothingOutside("a socket", tryAll(on: "/s"))
    }

    /// A hard link to a file outside is a file of the home directory; a WRITE to it must not change the other file.
    @Test func hardLinks() throws {
        let other = outside.directory.appending(path: "x.gpg")
        let before = try Data(contentsOf: other)
        try FileManager.default.linkItem(at: other, to: URL(filePath: home("x.gpg")))
        for flags in [[.write], [.write, .truncate], [.read, .write], [.write, .append]] as [OpenFlags] {
            let handle = try #require(try exchange.open("/x", flags))
            #expect(try exchange.ask(RequestWriter.write(handle, at: 0, inside)) == .ok)
            #expect(try exchange.close(handle) == .ok)
            #expect(try Data(contentsOf: other) == before)
            try FileManager.default.removeItem(atPath: home("x.gpg"))
            try FileManager.default.linkItem(at: other, to: URL(filePath: home("x.gpg")))
        }
        #expect(try exchange.ask(RequestWriter.onPath(.setstat, "/x", FileAttributes(size: 1))) == .ok)
        #expect(try Data(contentsOf: other) == before)
    }

    @Test func mounts() throws {
        for (name, source) in [
            ("mount", outside.directory.path), ("file.gpg", outside.directory.appending(path: "x.gpg").path),
        ] {
            if name == "mount" {
                try FileManager.default.createDirectory(atPath: home(name), withIntermediateDirectories: false)
            } else {
                try Data().write(to: URL(filePath: home(name)))
            }
            let mounted = try Command.run("mount", ["--bind", source, home(name)])
            guard mounted.status == 0 else { return print("skipped: no mounts can be made here: \(mounted.errors)") }
            defer { _ = try? Command.run("umount", [home(name)]) }
            for path in ["/mount", "/mount/x", "/mount/only-outside", "/mount/sub/x", "/mount/new", "/file"] {
                try expectNothingOutside("\(path) on a mounted \(source)", tryAll(on: path))
            }
        }
    }

    /// A directory on the path becomes a symbolic link, and a directory again, during the requests.
    @Test func directoriesSwappedForLinks() throws {
        try FileManager.default.createDirectory(atPath: home("d"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: home("d-link"), withDestinationPath: "../outside")
        let swapper = try Swapper(home("d"), home("d-link"), pause: 0.002)
        defer { swapper.stop() }
        var found: [Bool: Int] = [:]
        let end = Date().addingTimeInterval(4)
        while Date() < end {
            if let handle = try exchange.open("/d/x", [.write, .create, .truncate]) {
                _ = try exchange.ask(RequestWriter.write(handle, at: 0, inside))
                found[try exchange.close(handle) == .ok, default: 0] += 1
            } else {
                found[false, default: 0] += 1
            }
            if let handle = try exchange.open("/d/x", .read) {
                #expect(try exchange.read(handle) == inside)
                _ = try exchange.close(handle)
            }
            #expect(try !names(in: "/d").contains("only-outside"))
            #expect(try exchange.ask(RequestWriter.onPaths(.stat, "/d/only-outside"))?.code == 2)
            let times = FileAttributes(permissions: 0o640, times: .init(access: 1, modification: 1))
            _ = try exchange.ask(RequestWriter.onPath(.setstat, "/d/x", times))
            _ = try exchange.ask(RequestWriter.posixRename("/d/x", "/d/y"))
            for name in ["/d/x", "/d/y", "/d/only-outside"] {
                _ = try exchange.ask(RequestWriter.onPaths(.remove, name))
            }
            _ = try exchange.ask(RequestWriter.onPath(.mkdir, "/d/sub", FileAttributes()))
            _ = try exchange.ask(RequestWriter.onPaths(.rmdir, "/d/sub"))
        }
        swapper.stop()
        #expect(try outside.changes().isEmpty)
        #expect(found.count == 2, "the directory was not seen both ways: \(found)")
    }

    /// A stored file becomes a symbolic link to another one that could be decrypted too.
    @Test func filesSwappedForLinks() throws {
        try exchange.put("/f", inside)
        try FileManager.default.createSymbolicLink(atPath: home("f-link"), withDestinationPath: "../outside/x.gpg")
        // Each exchange changes the file's change time, so that the server verifies it again: that takes a while.
        let swapper = try Swapper(home("f.gpg"), home("f-link"), pause: 0.5)
        defer { swapper.stop() }
        var outcomes: [Bool: Int] = [:]
        var reads = 0
        let end = Date().addingTimeInterval(5)
        while Date() < end {
            let handle = try exchange.open("/f", .read)
            outcomes[handle != nil, default: 0] += 1
            guard let handle else { continue }
            // The READ may also fail because the file has changed.
            if case .data(let data)? = try exchange.ask(RequestWriter.read(handle, at: 0, 1000)) {
                reads += 1
                #expect(data == inside)
            }
            _ = try exchange.close(handle)
        }
        swapper.stop()
        #expect(try outside.changes().isEmpty)
        #expect(outcomes.count == 2 && reads > 0, "the file was not seen both ways: \(outcomes), \(reads) reads")
    }
}

import SFTP
import TestSupport
import Testing

@Suite struct SFTPSessionTests {
    private let fileSystem = MemoryFileSystem()

    @Test(arguments: [UInt32(3), 4, 6, 255]) func answersEveryLaterVersionWith3(version: UInt32) throws {
        let exchange = try Exchange(fileSystem, initialized: false)
        guard case .version(3, let extensions)? = try exchange.ask(RequestWriter.initialize(version: version)) else {
            Issue.record("no version 3")
            return
        }
        #expect(extensions == ExtendedRequest.offered.map(\.name))
    }

    @Test func endsForAnOlderVersionASecondInitOrNone() throws {
        #expect(throws: ProtocolViolation.self) {
            try Exchange(fileSystem, initialized: false).send(RequestWriter.initialize(version: 2))
        }
        #expect(throws: ProtocolViolation.self) { try Exchange(fileSystem).send(RequestWriter.initialize()) }
        #expect(throws: ProtocolViolation.self) {
            try Exchange(fileSystem, initialized: false).send(RequestWriter.onPaths(.stat, "/"))
        }
    }

    @Test func writesAndReadsBack() throws {
        let exchange = try Exchange(fileSystem)
        let handle = try #require(try exchange.open("/a", [.write, .create, .truncate]))
        #expect(try exchange.ask(RequestWriter.write(handle, at: 0, [1, 2, 3])) == .ok)
        #expect(try exchange.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        let reading = try #require(try exchange.open("/a", .read))
        #expect(try exchange.ask(RequestWriter.read(reading, at: 1, 100)) == .data([2, 3]))
        #expect(try exchange.ask(RequestWriter.read(reading, at: 0, 0)) == .data([]))
        #expect(try exchange.ask(RequestWriter.read(reading, at: 3, 1))?.code == 1)
    }

    @Test func cutsAReadAtTheLimitItTells() throws {
        fileSystem.files[try VirtualPath(parsing: "/a".utf8)] = [UInt8](repeating: 1, count: 300_000)
        let exchange = try Exchange(fileSystem)
        let handle = try #require(try exchange.open("/a", .read))
        guard case .data(let bytes)? = try exchange.ask(RequestWriter.read(handle, at: 0, .max)) else {
            Issue.record("no data")
            return
        }
        #expect(bytes.count == Limits.dataLength)
    }

    @Test(arguments: 0...UInt8.max) func answersEveryTypeWithoutFields(type: UInt8) throws {
        let exchange = try Exchange(fileSystem)
        let packet: [UInt8] = [0, 0, 0, 5, type, 0, 0, 0, 9]
        if type == PacketType.initialize.rawValue {
            #expect(throws: ProtocolViolation.self) { try exchange.send(packet) }
        } else {
            let code = try exchange.ask(packet)?.code
            #expect(code == 5 || code == 8)
        }
    }

    @Test(arguments: 1..<5) func endsForAPacketTooShortForAnID(length: Int) throws {
        let packet = [0, 0, 0, UInt8(length), 3] + [UInt8](repeating: 0, count: length - 1)
        #expect(throws: ProtocolViolation.self) { try Exchange(fileSystem).send(packet) }
    }

    @Test func ignoresWhatFollowsTheLastField() throws {
        let request = RequestWriter.request(.stat) {
            $0.append(string: "/x".utf8)
            $0 += [1, 2, 3]
        }
        #expect(try Exchange(fileSystem).ask(request)?.code == 2)
    }

    @Test func toleratesSomeMalformedPacketsAndNotMore() throws {
        let exchange = try Exchange(fileSystem)
        let malformed = RequestWriter.request(.stat) { $0.append(uint32: 100) }
        for _ in 1..<Limits.malformedPackets { #expect(try exchange.ask(malformed)?.code == 5) }
        #expect(throws: ProtocolViolation.self) { try exchange.send(malformed) }
    }

    @Test func opensNoMoreThanItSays() throws {
        let exchange = try Exchange(fileSystem)
        var handles = Set<Handle>()
        for _ in 0..<Limits.handles { handles.insert(try #require(try exchange.open("/a", [.write, .create]))) }
        #expect(handles.count == Limits.handles)
        #expect(try exchange.ask(RequestWriter.open("/a", .read))?.code == 4)
        #expect(try exchange.ask(RequestWriter.onPaths(.opendir, "/"))?.code == 4)
        let one = try #require(handles.first)
        #expect(try exchange.ask(RequestWriter.onHandle(.close, one)) == .ok)
        #expect(try exchange.open("/a", .read) != nil)
    }

    @Test func knowsOnlyItsHandles() throws {
        let exchange = try Exchange(fileSystem)
        let handle = try #require(try exchange.open("/a", [.write, .create]))
        #expect(try exchange.ask(RequestWriter.onHandle(.close, Handle(handle.value ^ 1)))?.code == 4)
        for length in [0, 7, 9, 256] {
            let request = RequestWriter.request(.close) { $0.append(string: [UInt8](repeating: 0, count: length)) }
            #expect(try exchange.ask(request)?.code == 4)
        }
        #expect(try exchange.ask(RequestWriter.onHandle(.close, handle)) == .ok)
        #expect(try exchange.ask(RequestWriter.onHandle(.close, handle))?.code == 4)
    }

    @Test func keepsHandlesToWhatTheyWereOpenedFor() throws {
        let exchange = try Exchange(fileSystem)
        let writing = try #require(try exchange.open("/a", [.write, .create]))
        #expect(try exchange.ask(RequestWriter.read(writing, at: 0, 1))?.code == 3)
        let reading = try #require(try exchange.open("/a", .read))
        #expect(try exchange.ask(RequestWriter.write(reading, at: 0, [1]))?.code == 3)
        #expect(try exchange.ask(RequestWriter.fsetstat(reading, FileAttributes(size: 0)))?.code == 3)
        guard case .handle(let directory)? = try exchange.ask(RequestWriter.onPaths(.opendir, "/")) else {
            Issue.record("no directory")
            return
        }
        #expect(try exchange.ask(RequestWriter.read(directory, at: 0, 1))?.code == 4)
        #expect(try exchange.ask(RequestWriter.onHandle(.readdir, reading))?.code == 4)
    }

    @Test func refusesAnOffsetThatOverflows() throws {
        let exchange = try Exchange(fileSystem)
        let handle = try #require(try exchange.open("/a", [.write, .create]))
        #expect(try exchange.ask(RequestWriter.write(handle, at: .max, [1]))?.code == 4)
    }

    @Test func asksTheGateBeforeItActs() throws {
        fileSystem.refusal = .permissionDenied("no")
        let exchange = try Exchange(fileSystem)
        let path = try VirtualPath(parsing: "/a".utf8)
        let other = try VirtualPath(parsing: "/b".utf8)
        let requests: [([UInt8], Need)] = [
            (RequestWriter.open("/a", .read), .read(path)),
            (RequestWriter.open("/a", [.write, .create]), .write(path)),
            (RequestWriter.onPaths(.stat, "/a"), .see(path)),
            (RequestWriter.onPaths(.lstat, "/a"), .see(path)),
            (RequestWriter.onPaths(.opendir, "/a"), .see(path)),
            (RequestWriter.onPaths(.remove, "/a"), .change(path)),
            (RequestWriter.onPaths(.rmdir, "/a"), .change(path)),
            (RequestWriter.onPath(.mkdir, "/a", .init()), .create(path)),
            (RequestWriter.onPath(.setstat, "/a", .init()), .change(path)),
            (RequestWriter.onPaths(.rename, "/a", "/b"), .change(path)),
        ]
        for (request, need) in requests {
            fileSystem.needs = []
            #expect(try exchange.ask(request)?.code == 3)
            #expect(fileSystem.needs == [need])
        }
        fileSystem.refusal = nil
        fileSystem.needs = []
        _ = try exchange.ask(RequestWriter.onPaths(.rename, "/a", "/b"))
        #expect(fileSystem.needs == [.change(path), .create(other)])
        #expect(fileSystem.files.isEmpty)
    }

    @Test func offersNoLinks() throws {
        let exchange = try Exchange(fileSystem)
        #expect(try exchange.ask(RequestWriter.onPaths(.readlink, "/a"))?.code == 8)
        #expect(try exchange.ask(RequestWriter.onPaths(.symlink, "/a", "/b"))?.code == 8)
        #expect(try exchange.ask(RequestWriter.extended("hardlink@openssh.com"))?.code == 8)
    }

    @Test func resolvesPathsWithoutLookingAtThem() throws {
        let exchange = try Exchange(fileSystem)
        for (path, expected) in [(".", "/"), ("/a/../b/.", "/b"), ("nowhere", "/nowhere"), ("../..", "/")] {
            guard case .names(let entries)? = try exchange.ask(RequestWriter.onPaths(.realpath, path)) else {
                Issue.record("no name for \(path)")
                continue
            }
            #expect(entries.map(\.name) == [Array(expected.utf8)])
        }
    }

    @Test func expandsOnlyTheUsersOwnHome() throws {
        let exchange = try Exchange(fileSystem)
        func expand(_ path: String) throws -> Reply? {
            try exchange.ask(RequestWriter.extended("expand-path@openssh.com") { $0.append(string: path.utf8) })
        }
        for (path, expected) in [("~", "/"), ("~/x", "/x"), ("~alice/x", "/x"), ("y/../z", "/z")] {
            guard case .names(let entries)? = try expand(path) else {
                Issue.record("no name for \(path)")
                continue
            }
            #expect(entries.map(\.name) == [Array(expected.utf8)])
        }
        #expect(try expand("~bob/x")?.code == 2)
        let home = RequestWriter.extended("home-directory") { $0.append(string: "bob".utf8) }
        #expect(try exchange.ask(home)?.code == 2)
    }

    @Test func listsUntilTheEndAndAgain() throws {
        for index in 0..<250 { fileSystem.files[try VirtualPath(parsing: "/\(index)".utf8)] = [] }
        let exchange = try Exchange(fileSystem)
        guard case .handle(let handle)? = try exchange.ask(RequestWriter.onPaths(.opendir, "/")) else {
            Issue.record("no directory")
            return
        }
        var counts: [Int] = []
        while case .names(let entries)? = try exchange.ask(RequestWriter.onHandle(.readdir, handle)) {
            counts.append(entries.count)
        }
        #expect(counts == [100, 100, 50])
        #expect(try exchange.ask(RequestWriter.onHandle(.readdir, handle))?.code == 1)
    }

    @Test func setsNoSizeThroughLsetstat() throws {
        let exchange = try Exchange(fileSystem)
        func lsetstat(_ attributes: FileAttributes) throws -> Reply? {
            try exchange.ask(
                RequestWriter.extended("lsetstat@openssh.com") {
                    $0.append(string: "/a".utf8)
                    attributes.append(to: &$0)
                })
        }
        #expect(try lsetstat(FileAttributes(permissions: 0o600)) == .ok)
        #expect(try lsetstat(FileAttributes(size: 0))?.code == 5)
    }

    @Test func readsOverExtendedPairsOfAttributes() throws {
        let exchange = try Exchange(fileSystem)
        let handle = try #require(try exchange.open("/a", [.write, .create]))
        func pairs(_ announced: UInt32, _ type: PacketType, _ object: (inout [UInt8]) -> Void) -> [UInt8] {
            RequestWriter.request(type) {
                object(&$0)
                $0.append(uint32: 0x8000_0004)
                $0.append(uint32: 0o600)
                $0.append(uint32: announced)
                for text in ["acl@example.org", "", "x@example.org", "y"] { $0.append(string: text.utf8) }
            }
        }
        for (announced, code) in [(2, 0), (1, 0), (0, 0), (3, 5), (.max, 5)] as [(UInt32, UInt32)] {
            #expect(try exchange.ask(pairs(announced, .fsetstat, handle.append))?.code == code)
            #expect(try exchange.ask(pairs(announced, .setstat) { $0.append(string: "/a".utf8) })?.code == code)
        }
    }

    @Test func abandonsWhatWasNotClosed() throws {
        let exchange = try Exchange(fileSystem)
        for name in ["/a", "/b"] { _ = try exchange.open(name, [.write, .create]) }
        exchange.end()
        exchange.end()
        #expect(fileSystem.abandoned == 2)
    }

    @Test func answersInOrder() throws {
        let requests = (1...50).flatMap { RequestWriter.onPaths(.stat, "/\($0)", id: UInt32($0)) }
        #expect(try Exchange(fileSystem).send(requests).count == 50)
    }
}

import SFTP
import TestSupport
import Testing

/// The extensions that work on contents: `copy-data`, `check-file` and `users-groups-by-id@`.
@Suite struct ExtensionTests {
    private let fileSystem = MemoryFileSystem()
    private let contents: [UInt8]
    private let exchange: Exchange

    init() throws {
        contents = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        fileSystem.files[try VirtualPath(parsing: "/a".utf8)] = contents
        exchange = try Exchange(fileSystem)
    }

    private func file(_ path: String) throws -> [UInt8]? { fileSystem.files[try VirtualPath(parsing: path.utf8)] }

    private func copy(
        _ source: Handle, _ offset: UInt64, _ length: UInt64, to target: Handle, _ targetOffset: UInt64
    ) throws -> Reply? {
        try exchange.ask(
            RequestWriter.extended("copy-data") {
                source.append(to: &$0)
                $0.append(uint64: offset)
                $0.append(uint64: length)
                target.append(to: &$0)
                $0.append(uint64: targetOffset)
            })
    }

    private func check(
        _ name: String, _ object: (inout [UInt8]) -> Void, _ algorithms: String = "short", _ offset: UInt64 = 0,
        _ length: UInt64 = 0, block: UInt32 = 0
    ) throws -> Reply? {
        try exchange.ask(
            RequestWriter.extended(name) {
                object(&$0)
                $0.append(string: algorithms.utf8)
                $0.append(uint64: offset)
                $0.append(uint64: length)
                $0.append(uint32: block)
            })
    }

    private func check(
        _ path: String, _ algorithms: String = "short", _ offset: UInt64 = 0, _ length: UInt64 = 0, block: UInt32 = 0
    ) throws -> Reply? {
        try check("check-file-name", { $0.append(string: path.utf8) }, algorithms, offset, length, block: block)
    }

    private func reply(_ algorithm: String, _ hashes: [UInt8], named: Bool = false) -> Reply {
        var fields: [UInt8] = []
        if named { fields.append(string: "check-file".utf8) }
        fields.append(string: algorithm.utf8)
        return .extended(fields + hashes)
    }

    @Test func copiesAllOrAPart() throws {
        let source = try #require(try exchange.open("/a", .read))
        let target = try #require(try exchange.open("/b", [.write, .create]))
        #expect(try copy(source, 0, 0, to: target, 0) == .ok)
        #expect(try file("/b") == contents)
        #expect(try copy(source, 100, 300_000, to: target, 10) == .ok)
        var expected = contents
        expected.replaceSubrange(10..<300_010, with: contents[100..<300_100])
        #expect(try file("/b") == expected)
    }

    @Test func anEndBeforeTheLengthIsNoError() throws {
        let source = try #require(try exchange.open("/a", .read))
        let target = try #require(try exchange.open("/b", [.write, .create]))
        #expect(try copy(source, 699_990, 1000, to: target, 0) == .ok)
        #expect(try file("/b")?.count == 10)
        #expect(try copy(source, 700_000, 1000, to: target, 0) == .ok)
        #expect(try copy(source, .max, 0, to: target, 0) == .ok)
        #expect(try file("/b")?.count == 10)
    }

    @Test(.timeLimit(.minutes(1))) func aCopyBehindItselfEnds() throws {
        let source = try #require(try exchange.open("/a", .read))
        let target = try #require(try exchange.open("/a", .write))
        #expect(try copy(source, 0, 0, to: target, 700_000) == .ok)
        #expect(try file("/a") == contents + contents)
    }

    @Test func copiesOnlyBetweenHandlesOpenedForIt() throws {
        let source = try #require(try exchange.open("/a", .read))
        let both = try #require(try exchange.open("/a", [.read, .write]))
        let target = try #require(try exchange.open("/b", [.write, .create]))
        guard case .handle(let directory)? = try exchange.ask(RequestWriter.onPaths(.opendir, "/")) else {
            Issue.record("no directory")
            return
        }
        #expect(try copy(source, 0, 0, to: source, 0)?.code == 3)
        #expect(try copy(target, 0, 0, to: target, 0)?.code == 3)
        #expect(try copy(target, 0, 0, to: source, 0)?.code == 3)
        #expect(try copy(both, 0, 10, to: both, 100)?.code == 4)
        #expect(try copy(directory, 0, 0, to: target, 0)?.code == 4)
        #expect(try copy(source, 0, 0, to: directory, 0)?.code == 4)
        #expect(try copy(source, 0, 0, to: Handle(target.value ^ 1), 0)?.code == 4)
        #expect(try copy(Handle(source.value ^ 1), 0, 0, to: target, 0)?.code == 4)
        #expect(try file("/a") == contents)
        #expect(try file("/b") == [])
    }

    @Test func refusesRangesThatNoFileHas() throws {
        let source = try #require(try exchange.open("/a", .read))
        let target = try #require(try exchange.open("/b", [.write, .create]))
        #expect(try copy(source, .max, 1, to: target, 0)?.code == 4)
        #expect(try copy(source, 1, .max, to: target, 0)?.code == 4)
        #expect(try copy(source, 0, 1, to: target, .max)?.code == 4)
        #expect(try copy(source, 0, 0, to: target, .max)?.code == 4)
        #expect(try check("/a", "short", .max, 1)?.code == 4)
        #expect(try file("/b") == [])
    }

    @Test func hashesAWholeFile() throws {
        let hash = MemoryDigest.hash(contents)
        #expect(try check("/a") == reply("short", hash))
        #expect(try check("/a", "none,md6,long,short") == reply("long", MemoryDigest.hash(contents, "long")))
        let handle = try #require(try exchange.open("/a", .read))
        #expect(try check("check-file-handle", handle.append) == reply("short", hash))
        #expect(try check("check-file", handle.append) == reply("short", hash, named: true))
        #expect(fileSystem.closed == 2 && fileSystem.abandoned == 0, "what was opened by name is closed again")
    }

    @Test func hashesAPart() throws {
        #expect(try check("/a", "short", 5, 300_000) == reply("short", MemoryDigest.hash(contents[5..<300_005])))
        #expect(try check("/a", "short", 699_999) == reply("short", MemoryDigest.hash(contents[699_999...])))
        #expect(try check("/a", "short", 699_999, 50) == reply("short", MemoryDigest.hash(contents[699_999...])))
        #expect(try check("/a", "short", 700_000)?.code == 4)
    }

    /// 261 120 bytes are one piece, and no multiple of most of these blocks.
    @Test(arguments: [256, 1000, 1024, 261_120, 300_000, 699_999, 700_000, 700_001, UInt32.max])
    func hashesBlocks(block: UInt32) throws {
        let hashes = stride(from: 10, to: contents.count, by: Int(block)).flatMap {
            MemoryDigest.hash(contents[$0..<min(contents.count, $0 + Int(block))])
        }
        #expect(try check("/a", "short", 10, block: block) == reply("short", hashes))
    }

    @Test func anEmptyFileHasOneHashAndNoBlocks() throws {
        fileSystem.files[try VirtualPath(parsing: "/empty".utf8)] = []
        #expect(try check("/empty") == reply("short", MemoryDigest.hash([])))
        #expect(try check("/empty", block: 256) == reply("short", []))
    }

    @Test func refusesBlocksThatAreTooSmallOrTooMany() throws {
        for block: UInt32 in [1, 255] { #expect(try check("/a", block: block)?.code == 4) }
        // 64 bytes for each of 2735 blocks fit a packet; five times as many do not.
        guard case .extended(let fields)? = try check("/a", "long", block: 256) else {
            Issue.record("no hashes")
            return
        }
        #expect(fields.count == 4 + 4 + 64 * 2735)
        fileSystem.files[try VirtualPath(parsing: "/large".utf8)] = contents + contents
        #expect(try check("/large", "long", block: 256)?.code == 4)
        #expect(try check("/large", "long", block: 512) != nil)
        #expect(fileSystem.abandoned == 3, "what was opened is not left open")
    }

    @Test func hashesOnlyWhatMayBeRead() throws {
        #expect(try check("/nothing")?.code == 2)
        for algorithms in ["", ",", "md5", "short ", "SHORT"] { #expect(try check("/a", algorithms)?.code == 8) }
        let writing = try #require(try exchange.open("/a", .write))
        #expect(try check("check-file-handle", writing.append)?.code == 3)
        #expect(try check("check-file", writing.append)?.code == 3)
        #expect(try check("check-file", Handle(writing.value ^ 1).append)?.code == 4)
        #expect(try check("check-file-handle", { $0.append(string: "/a".utf8) })?.code == 4)
        fileSystem.refusal = .permissionDenied("no")
        fileSystem.needs = []
        #expect(try check("/a")?.code == 3)
        #expect(fileSystem.needs == [.read(try VirtualPath(parsing: "/a".utf8))])
    }

    private func names(_ users: [UInt32], _ groups: [UInt32]) throws -> Reply? {
        func list(_ numbers: [UInt32]) -> [UInt8] {
            var list: [UInt8] = []
            for number in numbers { list.append(uint32: number) }
            return list
        }
        return try exchange.ask(
            RequestWriter.extended("users-groups-by-id@openssh.com") {
                $0.append(string: list(users))
                $0.append(string: list(groups))
            })
    }

    @Test func namesNobodyButTheUser() throws {
        let alice: [UInt8] = [0, 0, 0, 5] + Array("alice".utf8)
        let nobody: [UInt8] = [0, 0, 0, 0]
        var expected: [UInt8] = []
        expected.append(string: alice + nobody + nobody)
        expected.append(string: nobody + alice)
        #expect(try names([1000, 100, 0], [1000, 100]) == .extended(expected))
        #expect(try names([], []) == .extended(nobody + nobody))
        #expect(try names([UInt32](repeating: 1, count: 1024), [])?.code == nil)
        #expect(try names([UInt32](repeating: 1, count: 1024), [1])?.code == 4)
        let odd = RequestWriter.extended("users-groups-by-id@openssh.com") {
            $0.append(string: [0, 0, 0])
            $0.append(string: [])
        }
        #expect(try exchange.ask(odd)?.code == 5)
    }

    @Test(arguments: [
        "copy-data", "check-file", "check-file-name", "check-file-handle", "users-groups-by-id@openssh.com",
    ])
    func missingFieldsAreABadMessage(name: String) throws {
        let handle = try #require(try exchange.open("/a", .read))
        let whole: [UInt8] =
            switch name {
            case "copy-data":
                RequestWriter.extended(name) {
                    handle.append(to: &$0)
                    for field: UInt64 in [0, 0] { $0.append(uint64: field) }
                    handle.append(to: &$0)
                    $0.append(uint64: 0)
                }
            case "users-groups-by-id@openssh.com":
                RequestWriter.extended(name) {
                    $0.append(string: [0, 0, 0, 1])
                    $0.append(string: [0, 0, 0, 1])
                }
            default:
                RequestWriter.extended(name) {
                    if name == "check-file-name" { $0.append(string: "/a".utf8) } else { handle.append(to: &$0) }
                    $0.append(string: "short".utf8)
                    for field: UInt64 in [0, 0] { $0.append(uint64: field) }
                    $0.append(uint32: 0)
                }
            }
        #expect(try exchange.ask(whole)?.code != 5)
        let start = 4 + 1 + 4 + 4 + name.utf8.count
        for end in stride(from: start, to: whole.count, by: 3).prefix(Limits.malformedPackets - 1) {
            var packet = Array(whole[..<end])
            packet.replaceSubrange(..<4, with: [0, 0, 0, UInt8(end - 4)])
            #expect(try exchange.ask(packet)?.code == 5, "\(end)")
        }
        #expect(try exchange.ask(whole)?.code != 5, "the session goes on")
    }
}

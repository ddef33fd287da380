import SFTP
import Testing

@Suite struct VirtualPathTests {
    private func text(_ path: String) throws -> String {
        String(decoding: try VirtualPath(parsing: path.utf8).bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("", "/"), (".", "/"), ("/", "/"), ("a", "/a"), ("/a//b/", "/a/b"), ("/a/./b", "/a/b"), ("a/../b", "/b"),
        ("..", "/"), ("/../../etc/passwd", "/etc/passwd"), ("a/b/../../../c", "/c"), ("...", "/..."),
        ("/a/..b", "/a/..b"),
    ])
    func normalises(_ path: String, _ expected: String) throws {
        #expect(try text(path) == expected)
    }

    @Test func keepsBytesThatAreNotUTF8() throws {
        let path = try VirtualPath(parsing: [0x2f, 0xff, 0xfe, 0x80])
        #expect(path.name == [0xff, 0xfe, 0x80])
        #expect(path.bytes == [0x2f, 0xff, 0xfe, 0x80])
    }

    @Test func doesNotMixUpNamesThatUnicodeCallsEqual() throws {
        let composed = try VirtualPath(parsing: "é".utf8)
        let decomposed = try VirtualPath(parsing: "e\u{301}".utf8)
        #expect(composed != decomposed)
    }

    @Test func boundsNamesAndPaths() throws {
        let longest = [UInt8](repeating: 0x61, count: Limits.nameLength)
        #expect(try VirtualPath(parsing: longest).name == longest)
        #expect(throws: FileSystemError.failure("the name is longer than 255 bytes")) {
            try VirtualPath(parsing: longest + [0x61])
        }
        let path = [UInt8](repeating: 0x2f, count: Limits.pathLength)
        #expect(try VirtualPath(parsing: path).isRoot)
        #expect(throws: FileSystemError.self) { try VirtualPath(parsing: path + [0x2f]) }
    }

    @Test func rejectsNUL() {
        #expect(throws: FileSystemError.badMessage("a name must not contain a NUL byte")) {
            try VirtualPath(parsing: [0x61, 0, 0x62])
        }
    }

    @Test func knowsWhatLiesBelow() throws {
        let directory = try VirtualPath(parsing: "/a".utf8)
        #expect(try VirtualPath(parsing: "/a/b/c".utf8).isBelow(directory))
        #expect(try !VirtualPath(parsing: "/ab".utf8).isBelow(directory))
        #expect(!directory.isBelow(directory))
        let moved = try VirtualPath(parsing: "/a/b".utf8).moved(from: directory, to: VirtualPath(parsing: "/x/y".utf8))
        #expect(moved.description == "/x/y/b")
    }

    @Test func cannotForgeALogLine() throws {
        #expect(try VirtualPath(parsing: "a\nb".utf8).description == "/a\\nb")
    }
}

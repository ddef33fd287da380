import Foundation
import TestSupport
import Testing

/// curl with libssh2.
@Suite(.serialized) struct CurlTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws { client = try Interop("curl") }

    private func curl(_ arguments: String...) throws -> Command {
        try client.curl("alice", password: RunningServer.passphrase, arguments)
    }

    private func version() throws -> String { try client.version("curl", ["--version"]) }

    @Test func transfersAndRanges() throws {
        let contents = Data.random(3_000_003)
        try server.scratch.file("up", contents)
        _ = try curl("-T", "up", "/file")
        _ = try curl("-o", "down", "/file")
        try client.requireLocal("down", contents)
        try client.requireStored("file", contents)
        for (range, expected) in [
            ("0-99", contents[..<100]), ("1000000-1999999", contents[1_000_000..<2_000_000]),
            ("2999999-", contents[2_999_999...]), ("-5", contents.suffix(5)),
        ] {
            let run = try curl("-r", range, "/file")
            try client.require(run.output == Data(expected), "-r \(range): \(run.output.count) bytes")
        }
        let deep = try curl("--ftp-create-dirs", "-T", "up", "/a/b/c")
        try client.require(deep.status == 0, deep.errors)
        try client.requireStored("a/b/c", contents)
        let list = try curl("/a/b/")
        try client.require(list.text.contains("3000003"), "listing: \(list.text)")
        try client.shown(version(), "up, down, -r, --ftp-create-dirs, listing")
    }

    @Test func quotedCommands() throws {
        try server.scratch.file("up", Data("text".utf8))
        _ = try curl("-T", "up", "/one", "-Q", "-rename /one /two", "-Q", "-chmod 600 /two", "-Q", "-mkdir /directory")
        try client.requireStored("two", Data("text".utf8))
        _ = try curl("/", "-Q", "rm /two", "-Q", "rmdir /directory")
        try client.require(!FileManager.default.fileExists(atPath: server.data.path + "/alice/two.gpg"), "rm")
        try client.shown(version(), "-Q rename, chmod, mkdir, rm, rmdir")
    }

    @Test(arguments: [1, 30000, 1_000_001]) func resumes(count: Int) throws {
        let contents = Data.random(2_000_003)
        try server.scratch.file("up", contents)
        try server.scratch.file("part", contents.prefix(count))
        _ = try curl("-T", "part", "/file")
        _ = try curl("-C", "-", "-T", "up", "/file")
        try client.requireStored("file", contents)
        _ = try curl("-C", "-", "-o", "part", "/file")
        try client.requireLocal("part", contents)
        try client.shown(version(), "-C - up and down")
    }

    @Test func appends() throws {
        let contents = Data.random(700_000)
        try server.scratch.file("head", contents.prefix(300_000))
        try server.scratch.file("tail", contents.suffix(400_000))
        _ = try curl("--append", "-T", "head", "/file")
        _ = try curl("--append", "-T", "tail", "/file")
        try client.requireStored("file", contents)
        try client.shown(version(), "--append")
    }
}

extension Interop {
    /// Runs `curl`; an argument that starts with "/" is a path on the server.
    @discardableResult
    func curl(_ user: String, password: String, _ arguments: [String]) throws -> Command {
        try run("curl", curlArguments(user, password: password, arguments))
    }

    func curlArguments(_ user: String, password: String, _ arguments: [String]) -> [String] {
        ["-sSk", "-v", "-u", "\(user):\(password)"]
            + arguments.map { $0.hasPrefix("/") ? "sftp://127.0.0.1:\(server.port)\($0)" : $0 }
    }
}

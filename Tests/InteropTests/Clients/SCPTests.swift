import Foundation
import TestSupport
import Testing

/// OpenSSH's `scp`, which overwrites in place and sets the size at the end.
@Suite(.serialized) struct SCPTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws { client = try Interop("OpenSSH scp") }

    private func version() throws -> String { try client.version("ssh", ["-V"]) }

    @Test func copiesFilesAndDirectories() throws {
        try client.makeTree("tree")
        try client.passed(server.scp("alice", ["-pr", "tree", "remote:tree"]))
        try client.passed(server.scp("alice", ["-pr", "remote:tree", "tree-back"]))
        try client.requireSame("tree", "tree-back")
        let large = "tree-back/a/b/large"
        try client.require(
            try client.modified(client.url(large)) == client.modified(client.url("tree/a/b/large")), "scp -p: time")
        try client.passed(server.scp("alice", ["remote:tree/a/b/*", "tree-back"]))
        try client.requireLocal("tree-back/large", client.bytes("tree/a/b/large"))
        try client.shown(version(), "up, down, -r, -p, wildcards")
    }

    @Test func overwritesWithShorterAndLonger() throws {
        for (index, count) in [70_000, 3 << 20, 2 << 20, 10, 0, 5].enumerated() {
            let contents = Data.random(count, seed: UInt64(index + 1))
            try server.scratch.file("up", contents)
            try client.passed(server.scp("alice", ["up", "remote:file"]))
            try client.passed(server.scp("alice", ["remote:file", "down"]))
            try client.requireLocal("down", contents)
            try client.requireStored("file", contents)
        }
        try client.shown(version(), "overwriting by shorter and longer files")
    }

    /// `-3` writes when a reply from the other side arrives, so in any order.
    @Test func copiesFromOneServerToAnother() throws {
        let contents = Data.random(6_000_001)
        try server.scratch.file("up", contents)
        try client.passed(server.scp("alice", ["up", "remote:one"]))
        let place = "scp://alice@127.0.0.1:\(server.port)/"
        try client.passed(server.scp("alice", ["-3", place + "one", place + "two"]))
        try client.requireStored("two", contents)
        try client.shown(version(), "-3, from server to server")
    }
}

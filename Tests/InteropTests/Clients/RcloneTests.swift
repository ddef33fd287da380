import Foundation
import TestSupport
import Testing

/// rclone, which compares hashes that it asks for with `md5sum` and `sha1sum` over exec.
@Suite(.serialized) struct RcloneTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws {
        client = try Interop("rclone")
        try client.makeTree("tree")
    }

    @discardableResult
    private func rclone(_ arguments: String...) throws -> Command {
        try client.rclone("alice", password: RunningServer.passphrase, arguments)
    }

    private func version() throws -> String { try client.version("rclone", ["version"]) }

    @Test func copiesAndSyncs() throws {
        try rclone("copy", "--transfers", "4", "--create-empty-src-dirs", "tree", ":sftp:tree")
        try rclone("check", "--download", "tree", ":sftp:tree")
        try rclone("copy", "--transfers", "4", ":sftp:tree", "tree-back")
        try client.requireSame("tree", "tree-back")
        try client.requireStored("tree/a/b/large", client.bytes("tree/a/b/large"))
        let again = try rclone("sync", "tree", ":sftp:tree")
        try client.require(!again.errors.contains(": Copied"), "sync again copies: \(again.errors)")
        try server.scratch.file("tree/a/small", Data("changed".utf8))
        try FileManager.default.removeItem(at: client.url("tree/a/grün"))
        try rclone("sync", "--create-empty-src-dirs", "tree", ":sftp:tree")
        try rclone("sync", "--create-empty-src-dirs", ":sftp:tree", "tree-back")
        try client.requireSame("tree", "tree-back")
        try client.shown(version(), "copy, sync, check --download, --transfers 4")
    }

    @Test func comparesHashes() throws {
        try rclone("copy", "tree", ":sftp:tree")
        let check = try rclone("check", "tree", ":sftp:tree")
        try client.require(
            check.errors.contains("0 differences found") && !check.errors.contains("could not be checked"),
            "check without hashes: \(check.errors)")
        for (hash, program) in [("md5", "md5sum"), ("sha1", "sha1sum")] {
            // One file: version 1.60 starts to hash several before it has found out how, and then says "unsupported".
            let remote = try rclone("hashsum", hash, ":sftp:tree/a/b/large").text.split(separator: "\n")
                .sorted()
            let local = try Command.run(program, ["large"], in: client.url("tree/a/b")).text
                .split(separator: "\n").sorted()
            try client.require(remote == local, "hashsum \(hash): \(remote) is not \(local)")
        }
        try client.shown(version(), "check, hashsum md5 and sha1")
    }

    @Test func readsPartsAndManagesFiles() throws {
        try rclone("copy", "tree", ":sftp:tree")
        let large = try client.bytes("tree/a/b/large")
        let part = try rclone("cat", "--offset", "1000003", "--count", "50000", ":sftp:tree/a/b/large")
        try client.require(part.output == Data(large[1_000_003..<1_050_003]), "cat: \(part.output.count) bytes")
        try rclone(
            "copyto", "--multi-thread-cutoff", "1M", "--multi-thread-streams", "4", ":sftp:tree/a/b/large", "down")
        try client.requireLocal("down", large)
        let list = try rclone("lsjson", "-R", "--files-only", ":sftp:tree").text
        for size in [0, 1, 1000, 32768, 70_001, 300_000, 3 << 20] {
            try client.require(list.contains("\"Size\":\(size),"), "lsjson: no \(size) in \(list)")
        }
        try rclone("move", ":sftp:tree/a", ":sftp:moved")
        try client.requireStored("moved/b/large", large)
        try rclone("delete", "--rmdirs", ":sftp:tree")
        try rclone("about", ":sftp:")
        try client.require(try rclone("lsf", ":sftp:").text == "moved/\ntree/\n", "what is left after delete")
        try client.shown(version(), "cat --offset, ranges at once, lsjson, move, delete, about")
    }
}

extension Interop {
    /// Runs `rclone` with `:sftp:` as the server; a failure shows what it has done.
    @discardableResult
    func rclone(_ user: String, password: String, _ arguments: [String]) throws -> Command {
        let secret = try run("rclone", ["obscure", password]).text.trimmingCharacters(in: .newlines)
        return try run(
            "rclone", arguments + ["--retries", "1", "--log-level", "DEBUG"],
            adding: [
                "RCLONE_CONFIG": server.scratch.path("home/rclone.conf"), "RCLONE_SFTP_HOST": "127.0.0.1",
                "RCLONE_SFTP_PORT": server.port, "RCLONE_SFTP_USER": user, "RCLONE_SFTP_PASS": secret,
            ])
    }
}

import Foundation
import TestSupport
import Testing

/// PuTTY's `psftp`, which writes in pieces of 4096 bytes.
@Suite(.serialized) struct PSFTPTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws { client = try Interop("PuTTY psftp") }

    private func psftp(_ commands: String) throws -> Command {
        try client.psftp("alice", password: RunningServer.passphrase, commands)
    }

    private func version() throws -> String { try client.version("psftp", ["-V"]) }

    @Test func transfersAndManagesFiles() throws {
        let contents = Data.random(1_000_003)
        try server.scratch.file("up", contents)
        try client.makeTree("tree")
        let run = try psftp(
            """
            put up file
            mkdir directory
            mv file directory/moved
            chmod 600 directory/moved
            get directory/moved down
            put -r tree tree
            get -r tree tree-back
            lcd tree/a
            cd directory
            mput sm* gr*
            mget mov*
            ls
            del small
            """)
        try client.requireLocal("down", contents)
        try client.requireLocal("tree/a/moved", contents)
        try FileManager.default.removeItem(at: client.url("tree/a/moved"))
        try client.requireSame("tree", "tree-back")
        try client.requireStored("directory/moved", contents)
        try client.requireStored("directory/grün", client.bytes("tree/a/grün"))
        try client.require(run.text.contains("1000003") && run.text.contains("300000"), "ls: \(run.text)")
        try client.shown(version(), "put, get, -r, mput, mget", "mv, chmod, ls, mkdir, del")
    }

    @Test(arguments: [1, 4096, 1_000_001]) func resumes(count: Int) throws {
        let contents = Data.random(2 << 20)
        try server.scratch.file("up", contents)
        try server.scratch.file("part", contents.prefix(count))
        _ = try psftp("put part file\nreput up file\nreget file part")
        try client.requireLocal("part", contents)
        try client.requireStored("file", contents)
        try client.shown(version(), "reput, reget")
    }
}

extension Interop {
    /// Runs commands with `psftp`; the first that fails ends it.
    @discardableResult
    func psftp(_ user: String, password: String, _ commands: String) throws -> Command {
        let fingerprint = server.output.firstMatch(of: /SHA256:\S+(?=.*ED25519)/).map { String($0.0) } ?? ""
        let batch = try server.scratch.file("psftp-batch", Data((commands + "\n").utf8))
        let secret = try server.scratch.file("psftp-password", Data((password + "\n").utf8))
        return try run(
            "psftp",
            [
                "-batch", "-P", server.port, "-hostkey", fingerprint, "-pwfile", secret.path, "-b", batch.path,
                "\(user)@127.0.0.1",
            ])
    }
}

import Foundation
import TestSupport
import Testing

/// lftp, which drives OpenSSH's `ssh` and speaks the protocol itself.
@Suite(.serialized) struct LFTPTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws { client = try Interop("lftp") }

    private func lftp(_ commands: String) throws -> Command {
        try client.lftp("alice", password: RunningServer.passphrase, commands)
    }

    private func version() throws -> String { try client.version("lftp", ["--version"]) }

    @Test func mirrorsBothWays() throws {
        try client.makeTree("tree")
        _ = try lftp("mirror -R tree tree\nmirror tree tree-back")
        try client.requireSame("tree", "tree-back")
        for path in ["tree-back/a/b/large", "tree-back/one"] {
            let original = client.url(path.replacing("-back", with: ""))
            try client.require(
                try client.modified(client.url(path)) == client.modified(original), "mirror: time of \(path)")
        }
        // A second run finds nothing to do; a third sends what has changed and removes what is gone.
        let again = try lftp("mirror -R -v tree tree")
        try client.require(!again.text.contains("Transferring"), "mirror again: \(again.text)")
        try server.scratch.file("tree/a/small", Data("shorter".utf8))
        try FileManager.default.removeItem(at: client.url("tree/one"))
        _ = try lftp("mirror -R -e -P 3 tree tree\nmirror -e tree tree-back")
        try client.requireSame("tree", "tree-back")
        try client.requireStored("tree/a/small", Data("shorter".utf8))
        try client.shown(version(), "mirror, mirror -R, -e, -P, times")
    }

    @Test(arguments: [1, 32768, 1_000_001]) func resumes(count: Int) throws {
        let contents = Data.random(3 << 20)
        try server.scratch.file("up", contents)
        try server.scratch.file("part", contents.prefix(count))
        _ = try lftp("put part -o file\nput -c up -o file\nget -c file -o part")
        try client.requireLocal("part", contents)
        try client.requireStored("file", contents)
        try client.shown(version(), "put -c, get -c")
    }

    @Test func managesFilesAndReadsInSegments() throws {
        let contents = Data.random(6 << 20)
        try server.scratch.file("up", contents)
        let run = try lftp(
            """
            put up -o one
            mkdir -p a/b
            mv one a/b/two
            chmod 600 a/b/two
            cls -l a/b
            cat a/b/two | sha256sum
            pget -n 4 a/b/two -o down
            du -b a
            rm -r a
            cls -1
            """)
        try client.requireLocal("down", contents)
        try client.require(run.text.contains("6291456"), "cls -l: \(run.text)")
        try client.require(!FileManager.default.fileExists(atPath: server.data.path + "/alice/a"), "rm -r: \(run.text)")
        try client.shown(version(), "pget in segments", "mv, chmod, cls, rm -r, mkdir -p")
    }
}

extension Interop {
    /// Runs commands with `lftp`; the first that fails ends it.
    ///
    /// A failure shows what it has sent and got.
    @discardableResult
    func lftp(_ user: String, password: String, _ commands: String) throws -> Command {
        let script = """
            set cmd:fail-exit yes
            set net:max-retries 1
            set net:timeout 30
            set sftp:connect-program "ssh -a -x \(server.sshOptions.joined(separator: " "))"
            debug -o lftp-trace 9
            open -u \(user),"\(password)" -p \(server.port) sftp://127.0.0.1

            """
        let file = try server.scratch.file("lftp-script", Data((script + commands + "\n").utf8))
        do {
            return try run("lftp", ["-f", file.path])
        } catch let error as Mismatch {
            let trace = (try? String(contentsOf: url("lftp-trace"), encoding: .utf8)) ?? ""
            throw Mismatch(description: "\(error)\n-- lftp's trace --\n\(trace.suffix(4000))")
        }
    }
}

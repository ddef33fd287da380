import Foundation
import TestSupport
import Testing

/// restic, which reads parts of its packs in any order.
@Suite(.serialized) struct ResticTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws {
        client = try Interop("restic")
        try client.makeTree("tree")
    }

    @discardableResult
    private func restic(_ arguments: String...) throws -> Command {
        let ssh = (["ssh"] + server.sshOptions + ["-p", server.port, "alice@127.0.0.1", "-s", "sftp"])
        var environment = server.environment()
        environment["RESTIC_PASSWORD"] = "of the repository"
        environment["RESTIC_CACHE_DIR"] = server.scratch.path("home/restic")
        return try client.run(
            "restic",
            ["-r", "sftp:alice@127.0.0.1:/repository", "-o", "sftp.command=" + ssh.joined(separator: " ")] + arguments,
            adding: environment, seconds: 240)
    }

    @Test func backsUpChecksRestoresAndPrunes() throws {
        try restic("init")
        try restic("backup", "tree")
        try server.scratch.file("tree/more", Data.random(12 << 20, seed: 9))
        try FileManager.default.removeItem(at: client.url("tree/a/grün"))
        try restic("backup", "tree")
        try restic("check", "--read-data")
        try restic("restore", "latest", "--target", "restored")
        try client.requireSame("tree", "restored/tree")
        try restic("forget", "--keep-last", "1", "--prune")
        try restic("check", "--read-data", "--no-cache")
        let list = try restic("snapshots", "--json").text
        try client.require(list.matches(of: /"short_id"/).count == 1, "snapshots: \(list)")
        try client.shown(
            client.version("restic", ["version"]), "init, backup twice, check --read-data, restore, forget --prune")
    }
}

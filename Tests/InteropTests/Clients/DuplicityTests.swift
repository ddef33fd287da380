import Foundation
import TestSupport
import Testing

/// duplicity, with its own backend on paramiko.
@Suite(.serialized) struct DuplicityTests {
    private let client: Interop
    private var server: RunningServer { client.server }

    init() throws {
        client = try Interop("duplicity")
        try client.makeTree("tree")
        // Its only way to accept a host key without a terminal.
        let scan = try client.run("ssh-keyscan", ["-p", server.port, "127.0.0.1"])
        try server.scratch.file("home/.ssh/known_hosts", scan.output)
    }

    @discardableResult
    private func duplicity(_ arguments: String...) throws -> Command {
        try client.run(
            "duplicity",
            arguments.map { $0.replacing("remote:", with: "sftp://alice@127.0.0.1:\(server.port)/backup") }
                + ["--no-encryption", "--archive-dir", "archive"],
            adding: ["FTP_PASSWORD": RunningServer.passphrase])
    }

    @Test func backsUpVerifiesAndRestores() throws {
        try duplicity("full", "tree", "remote:")
        try server.scratch.file("tree/a/small", Data("changed".utf8))
        try duplicity("incremental", "tree", "remote:")
        try duplicity("verify", "--compare-data", "remote:", "tree")
        // Without what it remembers it must read everything back.
        try FileManager.default.removeItem(at: client.url("archive"))
        try duplicity("restore", "remote:", "restored")
        try client.requireSame("tree", "restored")
        try client.shown(
            client.version("duplicity", ["--version"]), "full, incremental, verify --compare-data, restore")
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// Uploads without the owner's passphrase as clients make them with their defaults: many files, several connections,
/// the same job again.
@Suite(.serialized) struct VisitClientTests {
    private static let password = "a helper's password"

    /// A way to log in.
    enum Login: CaseIterable { case password, key }

    private func station(_ client: String) throws -> Interop { try Interop(client, users: [("drop", "wo")]) }

    /// Lets a new key log in to the account.
    ///
    /// - Returns: the file with its secret part.
    private func allowKey(_ client: Interop) throws -> String {
        let key = client.server.scratch.path("id")
        try client.passed(Command.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]))
        try client.passed(
            Command.run(
                RunningServer.program,
                ["user", "set", "drop", "--authorized-key", key + ".pub", "-c", client.server.configuration.path]))
        return key
    }

    // MARK: rclone

    @Test(arguments: Login.allCases) func rcloneCopiesChecksAndSyncs(login: Login) throws {
        let client = try station("rclone")
        let files = (0..<200).map { number in
            (name: "d\(number % 7)/file \(number)", contents: Data.random(number * 97, seed: UInt64(number + 1)))
        }
        for (name, contents) in files {
            let file = client.url("tree/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try contents.write(to: file)
        }
        var environment = [
            "RCLONE_CONFIG": client.server.scratch.path("home/rclone.conf"), "RCLONE_SFTP_HOST": "127.0.0.1",
            "RCLONE_SFTP_PORT": client.server.port, "RCLONE_SFTP_USER": "drop",
        ]
        switch login {
        case .password:
            let secret = try client.run("rclone", ["obscure", Self.password]).text
            environment["RCLONE_SFTP_PASS"] = secret.trimmingCharacters(in: .newlines)
        case .key: environment["RCLONE_SFTP_KEY_FILE"] = try allowKey(client)
        }
        /// Runs a command with rclone's defaults, and counts what it has copied and deleted.
        func rclone(_ command: String) throws -> (copied: Int, deleted: Int) {
            let line = [command, "-v", "--retries", "1", "tree", ":sftp:up"]
            let run = try client.run("rclone", line, adding: environment)
            return (
                run.errors.components(separatedBy: ": Copied (").count - 1,
                run.errors.components(separatedBy: ": Deleted").count - 1
            )
        }
        try client.require(rclone("copy") == (200, 0), "copy")
        try client.require(rclone("check") == (0, 0), "check")
        try client.require(rclone("copy") == (0, 0), "copy again")
        try client.require(rclone("sync") == (0, 0), "sync")
        try Data("changed".utf8).write(to: client.url("tree/d1/file 1"))
        try FileManager.default.removeItem(at: client.url("tree/d2/file 2"))
        try client.require(rclone("sync") == (1, 1), "sync after a change and a removal")
        try client.require(rclone("check") == (0, 0), "check after a change")
        let place = try login == .password ? "\(client.server.visit().dropFirst(5))/up" : "up"
        try client.requireStored("\(place)/d1/file 1", Data("changed".utf8), user: "drop")
        try client.requireStored("\(place)/d3/file 199", files[199].contents, user: "drop")
        // The owner gets all of it.
        try client.passed(client.server.sftp("drop", "get -r \"\(place)\" back"))
        try client.requireSame("tree", "back")
        try client.shown(
            client.version("rclone", ["version"]),
            "write-only account, by password and by key: copy, check and sync of 200 files")
    }

    // MARK: Two of a kind

    /// Two helpers with the same names, at the same time and one after the other.
    @Test func twoVisitorsWithTheSameNames() throws {
        let client = try station("OpenSSH sftp")
        let server = client.server
        let texts = ["one", "two"]
        for text in texts { try server.scratch.file("\(text)-form", Data(text.utf8)) }
        for text in texts {
            let batch = "mkdir scans\nput \(text)-form form\nput \(text)-form scans/form\nls -l"
            let run = try client.passed(server.sftp("drop", batch, password: "password of \(text)"))
            try client.require(!run.text.contains("other"), "\(run.text)")
        }
        let visits = try server.visits()
        try client.require(visits.count == 2, "visits: \(visits)")
        for name in ["form", "scans/form"] {
            let stored = try Set(visits.map { try server.recover("drop/\($0)/\(name).gpg", user: "drop").output })
            try client.require(stored == Set(texts.map { Data($0.utf8) }), "\(name): \(stored)")
        }
        try client.shown(client.version("ssh", ["-V"]), "write-only account: two visitors with the same file names")
    }

    /// The same batch by key, night after night: each night's file has the name, and the older ones are beside it.
    @Test func theSameBatchEveryNight() throws {
        let client = try station("OpenSSH sftp")
        let server = client.server
        let options = ["-i", try allowKey(client), "-oPreferredAuthentications=publickey"]
        let nights = (1...3).map { Data("night \($0)".utf8) }
        for night in nights {
            try server.scratch.file("backup.tar", night)
            try client.passed(
                server.sftp("drop", "-mkdir nightly\nput -p backup.tar nightly/backup.tar", options: options))
            // What the key has sent is then no longer known to be its own, as on the next day.
            try server.restart()
        }
        let home = server.data.appending(path: "drop/nightly").path
        let stored = try FileManager.default.contentsOfDirectory(atPath: home)
        let contents = try stored.map { try server.recover("drop/nightly/\($0)", user: "drop").output }
        try client.require(Set(contents) == Set(nights) && stored.count == nights.count, "\(stored)")
        let last = try server.recover("drop/nightly/backup.tar.gpg", user: "drop").output
        try client.require(last == nights.last, "\(stored)")
        try client.shown(client.version("ssh", ["-V"]), "by key: the same batch three nights running")
    }

    /// FileZilla lists on one connection and transfers on another, both with the same password.
    @Test func fileZillasTwoConnections() throws {
        let client = try station("FileZilla, packet by packet")
        let (list, transfer) = try connectTwice(client)
        let contents = Data.random(300_001, seed: 3)
        try client.require(try list.ask(RequestWriter.onPath(.mkdir, "/letters", .init())) == .ok, "MKDIR")
        try client.require(try names("/letters", list, client).isEmpty, "a new directory is not empty")
        // The other connection is in the same directory, and asks before it overwrites.
        try client.require(try transfer.ask(RequestWriter.onPaths(.stat, "/letters/a.pdf"))?.code == 2, "STAT")
        for round in ["first", "second"] {
            guard let handle = try transfer.open("/letters/a.pdf", [.write, .create, .truncate]) else {
                return try client.require(false, "OPEN is refused in the \(round) round")
            }
            let replies = try transfer.ask(
                all: CutOff.writes(handle, contents, from: 0) + [RequestWriter.onHandle(.close, handle)])
            try client.require(replies.allSatisfy { $0 == .ok }, "\(round): \(replies.filter { $0 != .ok })")
            let times = FileAttributes(times: .init(access: 1_300_000_000, modification: 1_200_000_000))
            try client.require(try transfer.ask(RequestWriter.onPath(.setstat, "/letters/a.pdf", times)) == .ok, round)
            let found = try names("/letters", list, client)
            try client.require(found.count == 1, "\(round): \(found.keys.sorted())")
            try client.require(found["a.pdf"]?.size == UInt64(contents.count), "\(round): \(found)")
            try client.require(found["a.pdf"]?.times?.modification == 1_200_000_000, "\(round): \(found)")
        }
        // What one has sent, the other may rename and remove.
        try client.require(
            try list.ask(RequestWriter.onPaths(.rename, "/letters/a.pdf", "/letters/b.pdf")) == .ok, "RENAME")
        try client.requireStored("\(client.server.visit().dropFirst(5))/letters/b.pdf", contents, user: "drop")
        try client.require(try list.ask(RequestWriter.onPaths(.remove, "/letters/b.pdf")) == .ok, "REMOVE")
        try client.shown("–", "write-only account: one connection lists, another transfers")
    }

    /// WinSCP transfers in the background on a second connection, as `.filepart` that is renamed.
    @Test func winSCPsTwoConnections() throws {
        let client = try station("WinSCP, packet by packet")
        let (list, transfer) = try connectTwice(client)
        let contents = Data.random(500_003, seed: 4)
        try client.require(try list.ask(RequestWriter.onPath(.mkdir, "/letters", .init())) == .ok, "MKDIR")
        for _ in 0..<2 { try WinSCPUpload(client, transfer).send(contents, as: "/letters/form") }
        let found = try names("/letters", list, client)
        try client.require(found.keys.sorted() == ["form"], "listed: \(found.keys.sorted())")
        try client.require(found["form"]?.size == UInt64(contents.count), "listed: \(found)")
        try client.requireStored("\(client.server.visit().dropFirst(5))/letters/form", contents, user: "drop")
        try client.shown("–", "write-only account: one connection lists, another transfers")
    }

    /// Two connections with the same password at the same time.
    private func connectTwice(_ client: Interop) throws -> (WireClient, WireClient) {
        let wires = try (0..<2).map { _ in try client.server.wire("drop", password: Self.password) }
        for wire in wires {
            try client.require(try wire.initialize() != nil, "no answer to INIT")
            guard case .names(let home)? = try wire.ask(RequestWriter.onPaths(.realpath, ".")) else {
                throw Mismatch(description: "REALPATH")
            }
            try client.require(home.map(\.name) == [Array("/".utf8)], "REALPATH: \(home)")
        }
        return (wires[0], wires[1])
    }

    /// What a listing shows, without `.` and `..`.
    private func names(_ path: String, _ wire: WireClient, _ client: Interop) throws -> [String: FileAttributes] {
        guard case .handle(let handle)? = try wire.ask(RequestWriter.onPaths(.opendir, path)) else {
            throw Mismatch(description: "OPENDIR \(path)")
        }
        var found: [String: FileAttributes] = [:]
        while case .names(let entries)? = try wire.ask(RequestWriter.onHandle(.readdir, handle)) {
            for entry in entries { found[String(decoding: entry.name, as: UTF8.self)] = entry.attributes }
        }
        try client.require(try wire.ask(RequestWriter.onHandle(.close, handle)) == .ok, "CLOSE of \(path)")
        return found.filter { $0.key != "." && $0.key != ".." }
    }
}

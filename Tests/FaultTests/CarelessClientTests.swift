import Foundation
import SFTP
import TestSupport
import Testing

/// paramiko does not look at the reply to a CLOSE: what it sees afterwards must not look like a success.
@Suite(.serialized, .enabled(if: RealClient.hasParamiko, "the package python3-paramiko is missing"))
struct CarelessClientTests {
    private let older = Data.random(200_000, seed: 21)
    private let newer = Data.random(400_000, seed: 22)

    /// What it prints, line by line.
    private func put(_ path: String, to server: RunningServer, confirming: Bool) throws -> [String] {
        let local = try server.scratch.file("newer", newer)
        let script = Checkout.path("Tests/FaultTests/Scripts/paramiko_careless.py")
        let run = try Command.run(
            RealClient.python, [script, server.port, local.path, path, confirming ? "confirm" : "trust"],
            environment: ["TEST_PASSPHRASE": RunningServer.passphrase])
        try #require(run.status == 0, "\(run.errors)")
        return run.text.split(separator: "\n").map(String.init)
    }

    private func store(on server: RunningServer) throws {
        let wire = try server.wire("alice")
        _ = try wire.initialize()
        try #require(try wire.upload("/older", older) == .ok)
        wire.close()
    }

    /// Neither a new file nor a new version is to be seen, whatever paramiko believes.
    private func expectNothingNew(_ server: RunningServer) throws {
        for confirming in [true, false] {
            let new = try put("new", to: server, confirming: confirming)
            #expect(Array(new.suffix(2)) == ["none", "older"], "\(new)")
            #expect(!confirming || new.first == "put failed")
            let replaced = try put("older", to: server, confirming: confirming)
            #expect(Array(replaced.suffix(2)) == ["\(older.count)", "older"], "\(replaced)")
            #expect(!confirming || replaced.first == "put failed")
        }
        #expect(try server.recover("alice/older.gpg").output == older)
    }

    @Test func aGnuPGThatFailsAtTheEnd() throws {
        let gnupg = try BrokenGnuPG()
        // The native engine needs no gpg for that, once one of the user's sessions has passed its self-test.
        let server = try RunningServer([("alice", "rw")], engine: "gpgme", environment: gnupg.environment)
        try store(on: server)
        for fault in [BrokenGnuPG.Fault.shortens, .swallows, .dies] {
            try gnupg.fail(.encrypt, fault)
            try expectNothingNew(server)
        }
        try gnupg.mend()
        #expect(try put("new", to: server, confirming: true) == ["put", "\(newer.count)", "new older"])
    }

    @Test(.enabled(if: SmallDisk.obstacle == nil, "no small disk here: \(SmallDisk.obstacle ?? "")"))
    func aDiskThatIsFull() throws {
        let disk = try SmallDisk(megabytes: 4)
        let server = try RunningServer([("alice", "rw")], data: disk.mount)
        try store(on: server)
        // Room for the draft's beginning, and for none of it.
        for room in [200_000, 0] {
            try disk.fill(leaving: room)
            try expectNothingNew(server)
            try disk.empty()
        }
        #expect(try put("new", to: server, confirming: true) == ["put", "\(newer.count)", "new older"])
    }
}

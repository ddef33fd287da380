import Foundation
import SFTP
import TestSupport
import Testing

/// A vault served with the one engine and then with the other.
@Suite(.serialized) struct EngineSwitchTests {
    private static let sizes = [0, 1, 600, 65_530, 300_000]

    @Test(arguments: [["native", "gpgme"], ["gpgme", "native"]]) func filesOutliveTheirEngine(engines: [String]) throws
    {
        let server = try RunningServer([("alice", "wo")], engine: engines[0])
        try upload("mine", to: server, RunningServer.passphrase)
        try upload("theirs", to: server, "anything")
        try expectFiles(on: server, "\(engines[0])")
        let text = try String(contentsOf: server.configuration, encoding: .utf8)
        try text.replacing("engine = \"\(engines[0])\"", with: "engine = \"\(engines[1])\"").write(
            to: server.configuration, atomically: true, encoding: .utf8)
        try server.restart()
        try expectFiles(on: server, "\(engines[0]), then \(engines[1])")
        // An older version is replaced by one of the other engine.
        try upload("mine", to: server, RunningServer.passphrase)
        try expectFiles(on: server, "\(engines[1])")
        let visit = try server.visit("alice")
        let recovered = try server.recover(
            all: Self.sizes.flatMap { ["alice/mine-\($0).gpg", "\(visit)/theirs-\($0).gpg"] })
        #expect(recovered.count == 2 * Self.sizes.count)
        for (name, plain) in recovered { #expect(plain == Data.random(plain.count), "\(name)") }
    }

    private func upload(_ name: String, to server: RunningServer, _ password: String) throws {
        for size in Self.sizes { try server.scratch.file("\(name)-\(size)", Data.random(size)) }
        let commands = Self.sizes.map { "put \(name)-\($0)" }.joined(separator: "\n")
        let run = try server.sftp("alice", commands, password: password)
        #expect(run.status == 0, "\(run.errors)")
    }

    private func expectFiles(on server: RunningServer, _ what: String) throws {
        let wire = try server.wire("alice")
        let visit = try server.visit("alice")
        _ = try wire.initialize()
        for size in Self.sizes {
            for name in ["mine", "\(visit.dropFirst(6))/theirs"] {
                #expect(try wire.size("/\(name)-\(size)") == UInt64(size), "\(name) of \(size), \(what)")
                #expect(try wire.download("/\(name)-\(size)") == Data.random(size), "\(name) of \(size), \(what)")
            }
        }
        #expect(!server.log.contains("native engine is not used"), "\(what)")
    }
}

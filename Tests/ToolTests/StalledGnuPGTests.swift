import Foundation
import TestSupport
import Testing

/// A gpg that hangs: `stalled_seconds` of server.conf holds for tools as it does for sessions.
@Suite(.serialized) struct StalledGnuPGTests {
    private let gnupg: BrokenGnuPG
    private let vault: ToolVault

    init() throws {
        gnupg = try BrokenGnuPG()
        vault = try ToolVault()
        try vault.store(["file": Data("contents".utf8)])
        let text = try String(contentsOf: vault.configuration, encoding: .utf8)
        // Before the first heading.
        try Data(("engine = \"gpgme\"\n" + text + "\n[limits]\nstalled_seconds = 2\n").utf8).write(
            to: vault.configuration)
    }

    @Test(arguments: [
        (["cat", "/file"], BrokenGnuPG.Operation.decrypt), (["key", "export", "alice", "out"], .passwd),
    ])
    func aToolEndsInTime(_ command: [String], _ operation: BrokenGnuPG.Operation) throws {
        try gnupg.fail(operation, .hangs)
        let start = ContinuousClock.now
        let run = try vault.run(
            command[0], command.dropFirst() + ["--passphrase-file", vault.passphraseFile.path],
            environment: gnupg.environment)
        let time = ContinuousClock.now - start
        gnupg.endProcesses()
        #expect(run.status != 0 && !run.errors.isEmpty, "\(command): \(run.errors)")
        // Without the setting it is a minute.
        #expect(time > .seconds(1) && time < .seconds(30), "\(command): \(time)")
    }
}

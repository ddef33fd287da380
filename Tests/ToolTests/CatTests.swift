import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct CatTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    @Test func whatWasStoredComesBack() throws {
        let contents = Data.random(1_500_000)
        try vault.store(["docs/file": contents, "empty": Data()])
        let run = try vault.unlocked("cat", ["docs/file"])
        #expect(run.status == 0 && run.output == contents, "\(run.errors)")
        let empty = try vault.run(
            "cat", ["/empty"], environment: ["CRYPTSFTP_PASSPHRASE_FILE": vault.passphraseFile.path])
        #expect(empty.status == 0 && empty.output.isEmpty, "\(empty.errors)")
        try vault.gpg(vault.stored("foreign.gpg"), contents)
        #expect(try vault.unlocked("cat", ["foreign"]).output == contents)
    }

    @Test func aDamagedFileDoesNotReachItsEnd() throws {
        let contents = Data.random(700_000)
        try vault.store(["file": contents])
        // The last bytes are those of the modification detection code.
        try vault.damage("file", at: -3)
        let run = try vault.unlocked("cat", ["file"])
        #expect(run.status == 26 && run.errors.contains("file"), "\(run.errors)")
        #expect(run.output.count < contents.count && contents.starts(with: run.output))
        try vault.damage("file", at: -3)
        #expect(try vault.unlocked("cat", ["file"]).output == contents)
    }

    @Test func whatCannotBePrinted() throws {
        try vault.store(["docs/file": Data("x".utf8)])
        try FileManager.default.copyItem(at: vault.stored("docs/file.gpg"), to: vault.stored("cut.gpg.part"))
        let cut = try vault.unlocked("cat", ["cut"])
        #expect(cut.status == 26 && cut.errors.contains("incomplete upload") && cut.output.isEmpty)
        #expect(try vault.unlocked("cat", ["none"]).status == 28)
        #expect(try vault.unlocked("cat", ["docs"]).status == 1)
        let wrong = try vault.scratch.file("wrong", Data("not the passphrase\n".utf8))
        let refused = try vault.run("cat", ["docs/file", "--passphrase-file", wrong.path])
        #expect(refused.status == 12 && refused.output.isEmpty && refused.errors.hasPrefix("cryptsftp: "))
    }

    @Test func aReaderThatGoesAwayIsNoCrash() throws {
        try vault.store(["file": .random(3_000_000)])
        let before = Set(RuntimeDirectories.all().map(\.path))
        let run = try Command.run(
            "bash",
            [
                "-c",
                "\"$0\" cat file -c \"$1\" --passphrase-file \"$2\" | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}",
                RunningServer.program, vault.configuration.path, vault.passphraseFile.path,
            ])
        #expect(run.status == 1 && run.errors.contains("broken pipe"), "\(run.status) \(run.errors)")
        try waitUntil("its private directory is gone") {
            Set(RuntimeDirectories.all().filter { $0.owner == nil }.map(\.path)).isSubset(of: before)
        }
    }

    /// Nobody takes what it prints; Ctrl-C ends it all the same, and its keys and agent go.
    @Test func interruptedWhileItWaits() throws {
        try vault.store(["file": .random(3_000_000)])
        let pipe = Pipe()
        let process = try ChildProcess(
            RunningServer.program,
            ["cat", "file", "-c", vault.configuration.path, "--passphrase-file", vault.passphraseFile.path],
            streams: [.null, .descriptor(pipe.fileHandleForWriting.fileDescriptor), .null])
        try pipe.fileHandleForWriting.close()
        // All that the pipe holds has come, and more does not fit.
        var count: Int32 = 0
        try waitUntil("the pipe is full") {
            _ = ioctl(pipe.fileHandleForReading.fileDescriptor, UInt(FIONREAD), &count)
            return count >= 60_000
        }
        let own = RuntimeDirectories.all().filter { $0.owner == process.identifier }.map(\.path)
        #expect(!own.isEmpty)
        process.signal(SIGINT)
        #expect(process.wait(seconds: 60) == 130)
        #expect(own.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
        try waitUntil("its agent has ended") {
            let processes = ProcessTable.all()
            return own.allSatisfy { RuntimeDirectories.agents(of: $0, in: processes).isEmpty }
        }
    }
}

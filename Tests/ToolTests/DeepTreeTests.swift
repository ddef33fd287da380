import Foundation
import TestSupport
import Testing

/// Trees that are deeper than a path can be long, and deeper than a process may have files open.
@Suite(.serialized) struct DeepTreeTests {
    private let vault: ToolVault
    private static let levels = 20_000

    init() throws {
        vault = try ToolVault()
        try vault.store(["zz": Data("behind".utf8)])
    }

    /// Makes directories in each other, as a client or whoever can write to the data directory could; at each hundredth
    /// level a stored file.
    private func dig(_ directory: URL, levels: Int, name: String = "d") throws {
        let script = """
            import os, shutil, sys
            os.chdir(sys.argv[1])
            for level in range(int(sys.argv[2])):
                os.mkdir(sys.argv[3])
                os.chdir(sys.argv[3])
                if level % 100 == 99 and len(sys.argv) > 4: shutil.copyfile(sys.argv[4], "file.gpg")
            """
        let run = try Command.run(
            "python3", ["-c", script, directory.path, "\(levels)", name, vault.stored("zz.gpg").path])
        try #require(run.status == 0, "\(run.errors)")
    }

    /// Removes what no path leads to.
    private func clear(_ directory: URL) throws {
        let script = """
            import os, sys
            os.chdir(sys.argv[1])
            depth = 0
            while os.path.isdir("d"):
                os.chdir("d")
                depth += 1
            for level in range(depth):
                os.chdir("..")
                for name in os.listdir("d"): os.unlink("d/" + name)
                os.rmdir("d")
            """
        let run = try Command.run("python3", ["-c", script, directory.path])
        try #require(run.status == 0, "\(run.errors)")
    }

    /// Runs a tool with few descriptors, and an ordinary stack.
    private func run(_ tool: String, _ arguments: [String] = []) throws -> (run: Command, kilobytes: Int) {
        let figures = vault.scratch.path("figures")
        let run = try Command.run(
            "prlimit",
            ["--nofile=256:256", "/usr/bin/env", "python3", "-c", Self.measure, figures, RunningServer.program, tool]
                + arguments + ["-c", vault.configuration.path], in: vault.scratch.url)
        let text = try String(contentsOfFile: figures, encoding: .utf8)
        return (run, Int(text) ?? .max)
    }

    private static let measure = """
        import resource, subprocess, sys
        status = subprocess.run(sys.argv[2:]).returncode
        open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
        sys.exit(status if status >= 0 else 128 - status)
        """

    @Test func toolsEndWithWhatTheyHaveFound() throws {
        try dig(vault.stored(""), levels: Self.levels)
        defer { try? clear(vault.stored("")) }
        let passphrase = ["--passphrase-file", vault.passphraseFile.path]
        let listed = try run("list")
        #expect(listed.run.status == 1, "\(listed.run.errors.suffix(300))")
        #expect(listed.run.text.hasSuffix("/zz\n"), "what is behind the tree is there")
        #expect(listed.run.errors.components(separatedBy: "its path is longer than 4096 bytes").count == 2)
        let verified = try run("verify", passphrase)
        #expect(verified.run.status == 26)
        // 20 files above the limit of paths, and the one behind.
        #expect(verified.run.text.contains("21 sound, 1 damaged"), "\(verified.run.text.suffix(300))")
        let doctor = try run("doctor")
        #expect(doctor.run.status == 26 && doctor.run.text.contains("its path is longer than 4096 bytes"))
        #expect(doctor.run.text.contains("problems, "))
        let decrypted = try run("decrypt", ["/", vault.scratch.path("restored")] + passphrase)
        #expect(decrypted.run.text.contains("21 restored, 1 damaged"), "\(decrypted.run.text.suffix(300))")
        for figure in [listed, verified, doctor, decrypted] { #expect(figure.kilobytes < 200_000) }
    }

    /// No deeper than clients can make it: nothing is left out.
    @Test func aTreeThatPathsReach() throws {
        let levels = Effort.count(400, full: 1500)
        try dig(vault.stored(""), levels: levels)
        let count = levels / 100 + 1
        let passphrase = ["--passphrase-file", vault.passphraseFile.path]
        let verified = try run("verify")
        #expect(
            verified.run.status == 0 && verified.run.text.contains("\(count) sound"), "\(verified.run.text.suffix(300))"
        )
        let restored = vault.scratch.path("restored")
        let decrypted = try run("decrypt", ["/", restored] + passphrase)
        #expect(decrypted.run.status == 0 && decrypted.run.text.contains("\(count) restored"))
        let stored = try run("encrypt", [restored, "--to", "alice", "--into", "/again"])
        #expect(stored.run.text.contains("\(count) stored"), "\(stored.run.text.suffix(300)) \(stored.run.errors)")
        let rotated = try run("rotate", ["alice"] + passphrase)
        #expect(rotated.run.status == 0, "\(rotated.run.text.suffix(300)) \(rotated.run.errors)")
    }
}

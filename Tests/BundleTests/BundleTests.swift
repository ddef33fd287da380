import Foundation
import TestSupport
import Testing

/// What `bin/bundle` makes, run where nothing is installed.
@Suite(
    .serialized, .enabled(if: Effort.isFull, "bin/bundle is run by bin/test --full"),
    .enabled(if: BareRoot.obstacle == nil, "no bare root here: \(BareRoot.obstacle ?? "")"))
struct BundleTests {
    /// Made once for all tests, as it is built for this: in a directory that holds a vault of its own.
    ///
    /// It lies where the other test data of this process does, and goes with it.
    private static let made = Result { () throws -> URL in
        let stick = TestVaults.directory.appending(path: "stick")
        let command = try Readme.commands(under: "On a stick")[0].replacing("/media/stick", with: stick.path)
        let run = try Command.run("sh", ["-c", command], in: Checkout.top, seconds: 1500)
        guard run.status == 0 else { throw Unexpected(description: "bin/bundle: \(run.errors)") }
        return stick
    }

    private var stick: URL { get throws { try Self.made.get() } }

    /// The main job in a bare root: a user is made, a file goes up and comes down, and what is stored is verified.
    private func work(in root: BareRoot) throws -> Command {
        let start = try Readme.commands(under: "On a stick")[1].replacing("/media/stick", with: "/vault")
        let directory = try Scratch()
        try directory.file("up", Data.random(3_000_003))
        try directory.file("askpass", Data("#!/bin/sh\necho '\(RunningServer.passphrase)'\n".utf8), mode: 0o755)
        try Data((RunningServer.passphrase + "\n").utf8).write(to: root.scratch.url.appending(path: "passphrase"))
        return try Command.run(
            "unshare",
            ["--mount", "--net", "sh", Checkout.path("Tests/BundleTests/Scripts/in_root.sh")]
                + [root.scratch.url.path, directory.url.path, start], seconds: 600)
    }

    private func expectWork(_ run: Command, gpg: String) throws {
        #expect(run.status == 0, "\(run.text)\n\(run.errors)")
        #expect(run.text.contains("ended well"), "\(run.text)")
        #expect(run.text.contains("gpg:       \(gpg)"), "\(run.text)")
    }

    private var machine: String {
        get throws {
            try #require(
                try FileManager.default.contentsOfDirectory(atPath: stick.path + "/bin").first { $0.contains("-") })
        }
    }

    @Test func worksWhereNothingIsInstalled() throws {
        let root = try BareRoot()
        try require("cp", ["-r", stick.path + "/.", root.vault.path])
        try require("chown", ["-R", "65534:65534", root.vault.path])
        try expectWork(work(in: root), gpg: "/vault/bin/\(machine)/gpg, version")
        #expect(FileManager.default.fileExists(atPath: root.vault.path + "/data/alice/file.gpg"))
        // The sample is what a new configuration begins with.
        let configuration = try String(contentsOf: root.vault.appending(path: "Configs/server.conf"), encoding: .utf8)
        let sample = try String(contentsOf: root.vault.appending(path: "Configs/server.conf.sample"), encoding: .utf8)
        #expect(configuration.hasPrefix(sample) && sample.contains("listen"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.scratch.path("tmp")).isEmpty)
    }

    /// As it is mounted on many systems: nothing there can be run.
    @Test(arguments: [BareRoot.Contents.shell, .debian(packages: [])])
    func worksFromAnExFATStickThatForbidsExecution(contents: BareRoot.Contents) throws {
        let image = try Scratch()
        let root: BareRoot
        do { root = try BareRoot(contents) } catch { return print("skipped: \(error)") }
        let disk = image.path("image")
        try require("truncate", ["-s", "400M", disk])
        let loop = try Command.run("losetup", ["-f", "--show", disk])
        guard loop.status == 0 else { return print("skipped: no loop devices here: \(loop.errors)") }
        let device = loop.text.trimmingCharacters(in: .newlines)
        defer { _ = try? Command.run("losetup", ["-d", device]) }
        try require("mkfs.exfat", [device])
        let options = "uid=65534,gid=65534,umask=077,allow_other"
        do {
            try root.mount("mount.exfat-fuse", ["-o", options, device])
        } catch {
            return print("skipped: \(error)")
        }
        try require("mount", ["-o", "remount,bind,noexec", root.vault.path])
        try require("cp", ["-r", stick.path + "/bin", root.vault.path])
        let run = try work(in: root)
        try expectWork(run, gpg: "/tmp/.cryptsftp-program-")
        #expect(run.errors.contains("programs cannot be run from /vault/bin/"))
        try waitUntil("the copy is gone") {
            try FileManager.default.contentsOfDirectory(atPath: root.scratch.path("tmp")).isEmpty
        }
    }

    @Test func refusesWhatWasChanged() throws {
        let copy = try Scratch()
        try require("cp", ["-r", stick.path + "/bin", copy.url.path])
        let program = copy.url.appending(path: "bin/\(try machine)/cryptsftp")
        var bytes = try Data(contentsOf: program)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: program)
        let refused = try Command.run("sh", [copy.path("bin/cryptsftp"), "help"])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("cryptsftp: FAILED") && refused.errors.contains("--skip-check"))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: program)
        try Data().write(to: copy.url.appending(path: "bin/\(try machine)/lib/libz.so.1"))
        #expect(try Command.run("sh", [copy.path("bin/cryptsftp"), "help"]).status == 1)
        let skipped = try Command.run("sh", [copy.path("bin/cryptsftp"), "--skip-check", "help"])
        #expect(skipped.errors.contains("WARNING: the program was not checked"))
    }

    @Test func hasLicencesAndChecksumsOfAll() throws {
        let directory = try stick.path + "/bin/\(machine)"
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory).filter {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(directory)/\($0)", isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }
        let sums = try String(contentsOfFile: directory + "/SHA256SUMS", encoding: .utf8)
        for file in files where file != "SHA256SUMS" { #expect(sums.contains("  \(file)\n"), "\(file)") }
        for package in ["cryptsftp", "swift", "gpg", "gpg-agent", "libc6", "libssh-4", "swift-log"] {
            #expect(files.contains("licenses/\(package)"), "\(package)")
        }
    }

    private func require(_ program: String, _ arguments: [String]) throws {
        let command = try Command.run(program, arguments)
        try #require(command.status == 0, "\(program): \(command.errors)")
    }
}

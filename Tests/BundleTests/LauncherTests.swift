import Foundation
import TestSupport
import Testing

/// What `bin/cryptsftp` does with a bundle, here one of scripts in place of programs: ``BundleTests`` has a real one.
@Suite struct LauncherTests {
    private let scratch: Scratch
    private let bundle: URL

    init() throws {
        scratch = try Scratch()
        let machine = try Command.run("sh", ["-c", "echo \"$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)\""])
        bundle = scratch.url.appending(path: "bin/\(machine.text.trimmingCharacters(in: .newlines))")
        try FileManager.default.createDirectory(
            at: bundle.appending(path: "lib"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Checkout.top.appending(path: "bin/cryptsftp"), to: scratch.url.appending(path: "bin/cryptsftp"))
        for (name, text) in [("lib/ld.so", "#!/bin/sh\necho \"$@\"\n"), ("cryptsftp", "program")] {
            try Data(text.utf8).write(to: bundle.appending(path: name))
        }
        let sums = try Command.run(
            "sh", ["-c", "chmod 755 lib/ld.so && sha256sum lib/ld.so cryptsftp >SHA256SUMS"], in: bundle)
        try #require(sums.status == 0, "\(sums.errors)")
    }

    private func start(_ arguments: String...) throws -> Command {
        try Command.run("sh", [scratch.path("bin/cryptsftp")] + arguments)
    }

    @Test func startsWhatIsAsItWasMade() throws {
        let run = try start("user", "list")
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.text.hasSuffix("\(bundle.path)/cryptsftp user list\n"), "\(run.text)")
    }

    @Test(arguments: ["cryptsftp", "lib/ld.so"]) func refusesWhatWasChanged(name: String) throws {
        let file = bundle.appending(path: name)
        var bytes = try Data(contentsOf: file)
        bytes.append(0x0a)
        try bytes.write(to: file)
        let refused = try start("help")
        #expect(refused.status == 1 && refused.text.isEmpty, "\(refused.text)")
        #expect(refused.errors.contains("\(name): FAILED") && refused.errors.contains("--skip-check"))
        try #require(chmod(file.path, 0o755) == 0)
        let skipped = try start("--skip-check", "help")
        #expect(skipped.text.hasSuffix("/cryptsftp help\n"), "\(skipped.text)")
        #expect(skipped.errors.contains("WARNING: the program was not checked"))
    }

    /// Expects that nothing of the bundle is run, and that the reason is told.
    private func expectRefusal(_ reason: String) throws {
        let refused = try start("help")
        #expect(refused.status == 1 && refused.text.isEmpty, "\(refused.text)")
        #expect(refused.errors.contains(reason) && refused.errors.contains("--skip-check"), "\(refused.errors)")
        #expect(!refused.errors.utf8.contains(0x1b))
    }

    @Test func refusesWhatIsMissing() throws {
        try FileManager.default.removeItem(at: bundle.appending(path: "cryptsftp"))
        try expectRefusal("cryptsftp: added or missing")
    }

    /// The loader prefers libraries in such a directory, and a shell finds programs beside gpg.
    @Test(arguments: ["lib/glibc-hwcaps/x86-64-v2/libz.so.1", "sleep", "a\u{1b}b", "a\nb", "-rf"])
    func refusesWhatWasAdded(name: String) throws {
        let file = bundle.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: file)
        try expectRefusal("added or missing")
        try FileManager.default.removeItem(at: file)
        symlink("/bin/sh", file.path)
        try expectRefusal("not a file")
    }

    /// Without its list the bundle is not one that was made; nothing else is started in its place.
    @Test(arguments: [true, false]) func refusesABundleWithoutChecksums(link: Bool) throws {
        let sums = bundle.appending(path: "SHA256SUMS")
        try FileManager.default.moveItem(at: sums, to: scratch.url.appending(path: "sums"))
        if link { symlink(scratch.path("sums"), sums.path) }
        let build = scratch.url.appending(path: ".build/release/cryptsftp")
        for directory in [build.deletingLastPathComponent(), scratch.url.appending(path: "Sources")] {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }
        try scratch.file("Package.swift", Data())
        try Data("#!/bin/sh\necho planted\n".utf8).write(to: build)
        try #require(chmod(build.path, 0o755) == 0)
        try expectRefusal("SHA256SUMS: missing")
    }

    @Test func refusesALauncherThatIsAnother() throws {
        try FileManager.default.copyItem(
            at: scratch.url.appending(path: "bin/cryptsftp"), to: bundle.appending(path: "launcher"))
        let sum = try Command.run("sh", ["-c", "sha256sum launcher >>SHA256SUMS"], in: bundle)
        try #require(sum.status == 0)
        #expect(try start("help").status == 0)
        let text = try String(contentsOfFile: scratch.path("bin/cryptsftp"), encoding: .utf8)
        try scratch.file("bin/cryptsftp", Data((text + "# changed\n").utf8))
        try expectRefusal("../cryptsftp: FAILED")
    }

    /// A stick could give out other bytes the second time.
    @Test func checksTheCopyThatItRuns() throws {
        // As on a medium from which nothing can be run.
        try #require(chmod(bundle.appending(path: "lib/ld.so").path, 0o644) == 0)
        let own = scratch.url.appending(path: "private")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: false)
        let copier = "#!/bin/sh\n/bin/cp \"$@\" && for last; do :; done && eval \"$CHANGE\"\n"
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "programs"), withIntermediateDirectories: false)
        try scratch.file("programs/cp", Data(copier.utf8), mode: 0o755)
        for (change, isRun) in [(":", true), ("echo >>\"$last/cryptsftp\"", false), (": >\"$last/sleep\"", false)] {
            let run = try Command.run(
                "sh", [scratch.path("bin/cryptsftp"), "help"],
                environment: [
                    "PATH": "\(scratch.path("programs")):/usr/bin:/bin", "XDG_RUNTIME_DIR": own.path,
                    "CHANGE": change,
                ])
            #expect((run.status == 0) == isRun, "\(change): \(run.errors)")
            #expect(run.text.contains("/.cryptsftp-program-") == isRun, "\(run.text)")
        }
        try waitUntil("no copy is left") { try FileManager.default.contentsOfDirectory(atPath: own.path).isEmpty }
    }
}

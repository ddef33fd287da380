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

    @Test func refusesWhatIsMissing() throws {
        try FileManager.default.removeItem(at: bundle.appending(path: "cryptsftp"))
        #expect(try start("help").status == 1)
    }
}

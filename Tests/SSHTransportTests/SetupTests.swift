import Foundation
import TestSupport
import Testing

/// `bin/setup` refuses a libssh that takes AES-GCM packets whoever has changed them.
@Suite struct SetupTests {
    /// Runs the check where that version of libssh-dev is installed.
    private func check(_ version: String) throws -> Command {
        let scratch = try Scratch()
        try scratch.file("dpkg-query", Data("#!/bin/sh\nprintf %s '\(version)'\n".utf8), mode: 0o755)
        let setup = Checkout.path("bin/setup")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try Command.run(
            "sh", ["-euc", ". \"$1\"; setup_check_libssh; echo passed", "sh", setup],
            environment: ["PATH": "\(scratch.url.path):\(path)"])
    }

    @Test(arguments: ["0.10.6-0+deb12u2", "0.10.6-0+deb12u1", "0.10.5-3", "0.9.8-0+deb11u1"])
    func refusesOneThatDoesNotVerifyTags(version: String) throws {
        let run = try check(version)
        #expect(run.status == 1)
        #expect(run.text.isEmpty)
        #expect(
            run.errors.hasPrefix(
                "libssh \(version) does not verify the tags of AES-GCM packets; 0.10.6-0+deb12u3 or newer is needed:\n")
        )
    }

    @Test(arguments: ["0.10.6-0+deb12u3", "0.10.6-0+deb12u4", "0.11.2-1", "1:0.1"])
    func takesOneThatDoes(version: String) throws {
        let run = try check(version)
        #expect(run.status == 0)
        #expect(run.text == "passed\n")
        #expect(run.errors.isEmpty)
    }

    /// Other systems than Debian have no such number: there it is not this check's business.
    @Test func saysNothingWhereThereIsNoSuchPackage() throws {
        #expect(try check("").text == "passed\n")
    }
}

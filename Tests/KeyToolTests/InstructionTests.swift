import Foundation
import TestSupport
import Testing

/// The commands of README.md and of the recovery sheet, as printed, over a directory that somebody else could write to:
/// they run nothing and follow nothing that was put there.
@Suite(.serialized) struct InstructionTests {
    /// A vault, a person with files of their own, and what somebody has put into the vault.
    private final class Planted {
        let vault: KeyVault
        let place: RecoveryPlace
        /// Made by whatever is run of what was put there.
        let mark: URL
        private let own: URL
        /// Not there, and to stay so.
        let missing: URL

        static let stored = [
            "taxes.pdf", "-rf", "new\nline", "$(touch mark)", "`touch mark`", "';touch mark;'", "a b/c",
        ]

        init() throws {
            vault = try KeyVault()
            place = try RecoveryPlace(in: vault.scratch.url, passphrase: KeyVault.passphrase)
            mark = vault.scratch.url.appending(path: "mark")
            own = place.home.appending(path: ".profile")
            missing = place.home.appending(path: ".bash_login")
            try Data("mine".utf8).write(to: own)
            try vault.store(Dictionary(uniqueKeysWithValues: Self.stored.map { ("\($0).gpg", Data($0.utf8)) }))
            try plantKeys()
            try plantData()
        }

        private func plantKeys() throws {
            let script = Data("#!/bin/sh\n: >\(mark.path)\n".utf8)
            let evil = try vault.scratch.file("evil", script, mode: 0o755).path
            for (name, text) in [
                ("gpg-agent.conf", "pinentry-program \(evil)\n"), ("gpg.conf", "agent-program \(evil)\n"),
                ("common.conf", "use-keyboxd\n"), ("scdaemon.conf", "pcsc-driver \(evil)\n"),
            ] {
                try Data(text.utf8).write(to: vault.keys.appending(path: name))
            }
            let secret = vault.keys.appending(path: "private-keys-v1.d")
            symlink(own.path, secret.appending(path: "link.key").path)
            mkfifo(secret.appending(path: "pipe.key").path, 0o600)
            for name in ["directory.key", "sub"] {
                try FileManager.default.createDirectory(
                    at: secret.appending(path: name), withIntermediateDirectories: false)
            }
            for name in ["-rf.key", "new\nline.key", "sub/$(touch mark).key"] {
                try Data("x".utf8).write(to: secret.appending(path: name))
            }
        }

        private func plantData() throws {
            for name in ["taxes.pdf.gpg.new", "a.gpg.new", "taxes.pdf"] {
                symlink(missing.path, vault.data.appending(path: name).path)
            }
            symlink(vault.data.appending(path: "taxes.pdf.gpg").path, vault.data.appending(path: "link.gpg").path)
            symlink(place.home.path, vault.data.appending(path: "home").path)
            mkfifo(vault.data.appending(path: "pipe.gpg").path, 0o600)
            try FileManager.default.createDirectory(
                at: vault.data.appending(path: "directory.gpg"), withIntermediateDirectories: false)
            // Where one file comes to, in the directory where somebody works.
            symlink(missing.path, vault.scratch.path("taxes.pdf"))
        }

        /// Checks that nothing has happened to the person's files, and nothing was run.
        func expectNothing(after command: String) throws {
            #expect(!FileManager.default.fileExists(atPath: mark.path), "\(command) has run something")
            #expect(!FileManager.default.fileExists(atPath: missing.path), "\(command) has followed a link")
            #expect(try Data(contentsOf: own) == Data("mine".utf8), "\(command)")
        }

        func removeLink() throws { try FileManager.default.removeItem(atPath: vault.scratch.path("taxes.pdf")) }
    }

    /// A shell with its programs.
    enum Shell: CaseIterable {
        case dash, bash, busybox

        /// - Parameter scratch: where busybox gets names for its programs.
        func line(_ scratch: Scratch) throws -> [String] {
            guard self == .busybox else { return ["\(self)"] }
            let found = try Command.run("sh", ["-c", "command -v busybox"]).text.trimmingCharacters(in: .newlines)
            let programs = scratch.url.appending(path: "programs")
            try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: false)
            for name in ["sh", "find", "mkdir", "cp", "mv", "rm", "touch", "tr"] {
                symlink(found, programs.appending(path: name).path)
            }
            return ["PATH=\(programs.path):/usr/bin:/bin", found, "sh"]
        }
    }

    @Test(arguments: Shell.allCases) func theReadmesCommands(shell: Shell) throws {
        let planted = try Planted()
        let shell = try shell.line(planted.vault.scratch)
        let commands = try Readme.commands(under: "Recover with gpg alone")
        for command in commands.dropLast() {
            let run = try planted.place.run(command, by: shell)
            #expect(run.status == 0, "\(command): \(run.errors)")
            try planted.expectNothing(after: command)
            guard command.hasPrefix("mkdir") else { continue }
            try planted.place.typePassphrase(in: planted.place.home.appending(path: "alice-keys"))
        }
        let last = try #require(commands.last)
        #expect(try planted.place.run(last, by: shell).status != 0)
        try planted.expectNothing(after: last)
        try planted.removeLink()
        let run = try planted.place.run(last, by: shell)
        #expect(run.status == 0, "\(run.errors)")
        try planted.expectNothing(after: last)
        #expect(try Data(contentsOf: planted.vault.scratch.url.appending(path: "taxes.pdf")) == Data("taxes.pdf".utf8))
    }

    @Test(arguments: Shell.allCases) func theSheetsCommands(shell: Shell) throws {
        let planted = try Planted()
        let (vault, place) = (planted.vault, planted.place)
        let shell = try shell.line(vault.scratch)
        let export = try vault.run(["key", "export", "alice", vault.scratch.url.path], passphrase: KeyVault.passphrase)
        try #require(export.status == 0, "\(export.errors)")
        let written = export.text.split(separator: "\n").map(String.init)
        #expect(written.count >= 4 && written.allSatisfy(FileManager.default.fileExists), "a line for each: \(written)")
        let commands = try RecoveryPlace.commands(of: vault.scratch.url.appending(path: "alice-recovery.txt"))
        #expect(try page(vault) == commands)
        try #require(commands.count == 3)
        #expect(try place.run(commands[0], by: shell).status == 0)
        #expect(try place.run(commands[1], by: shell).status != 0)
        try planted.expectNothing(after: commands[1])
        try planted.removeLink()
        #expect(try place.run(commands[1], by: shell).status == 0)
        #expect(try Data(contentsOf: vault.scratch.url.appending(path: "taxes.pdf")) == Data("taxes.pdf".utf8))
        // A directory that somebody has put there is not taken.
        let restored = vault.scratch.url.appending(path: "restored")
        symlink(place.home.path, restored.path)
        let before = try KeyVault.snapshot(place.home)
        #expect(try place.run(commands[2], by: shell).status != 0)
        #expect(try KeyVault.snapshot(place.home) == before)
        try FileManager.default.removeItem(at: restored)
        try? FileManager.default.removeItem(at: vault.scratch.url.appending(path: "restoring"))
        let run = try place.run("umask 022; \(commands[2])", by: shell)
        #expect(run.status == 0 && run.text.isEmpty, "\(run.text) \(run.errors)")
        try planted.expectNothing(after: commands[2])
        let expected = Dictionary(uniqueKeysWithValues: Planted.stored.map { ($0, Data($0.utf8)) })
        #expect(try KeyVault.snapshot(restored) == expected)
        #expect(try FileManager.default.attributesOfItem(atPath: restored.path)[.posixPermissions] as? Int == 0o700)
    }

    /// The commands of the page, as a browser shows them.
    private func page(_ vault: KeyVault) throws -> [String] {
        let page = try String(contentsOf: vault.scratch.url.appending(path: "alice-recovery.html"), encoding: .utf8)
        let steps = try #require(page.firstMatch(of: /(?s)<ol>(.*)<\/ol>/)).1
        return steps.matches(of: /(?s)<pre>(.*?)<\/pre>/).map {
            String($0.1).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
        }
    }

    /// Names that the shell, or a pattern, would read as something else.
    @Test(arguments: ["it's [x] *?", "a b", "-x", "ä"]) func aHomeOfAnyName(home: String) throws {
        let vault = try KeyVault()
        let set = try vault.run(["user", "set", "alice", "--home=\(home)"])
        try #require(set.status == 0, "\(set.errors)")
        let place = try RecoveryPlace(in: vault.scratch.url, passphrase: KeyVault.passphrase)
        try vault.store("taxes.pdf.gpg", Data("taxes".utf8))
        try? FileManager.default.removeItem(at: vault.scratch.url.appending(path: "data/\(home)"))
        try FileManager.default.moveItem(at: vault.data, to: vault.scratch.url.appending(path: "data/\(home)"))
        let export = try vault.run(["key", "export", "alice", vault.scratch.url.path], passphrase: KeyVault.passphrase)
        try #require(export.status == 0, "\(export.errors)")
        for command in try RecoveryPlace.commands(of: vault.scratch.url.appending(path: "alice-recovery.txt")) {
            let run = try place.run(command)
            #expect(run.status == 0 && run.text.isEmpty, "\(command): \(run.text) \(run.errors)")
        }
        #expect(try Data(contentsOf: vault.scratch.url.appending(path: "taxes.pdf")) == Data("taxes".utf8))
        #expect(
            try KeyVault.snapshot(vault.scratch.url.appending(path: "restored")) == ["taxes.pdf": Data("taxes".utf8)])
    }
}

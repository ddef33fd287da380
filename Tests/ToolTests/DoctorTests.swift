import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct DoctorTests {
    private let vault: ToolVault

    init() throws { vault = try ToolVault() }

    /// Findings by their check, without notes on the machine and its disk, and the exit code.
    private func examine() throws -> (findings: [String: [[String: Any]]], status: Int32) {
        let run = try vault.run("doctor", ["--json"])
        let lines = try run.json()
        let findings = lines.filter {
            $0["event"] as? String == "finding" && !["space", "machine"].contains($0["check"] as? String)
        }
        let problems = lines.filter { $0["severity"] as? String == "problem" }.count
        #expect(lines.last?["problems"] as? Int == problems && (run.status == 26) == (problems > 0))
        #expect(findings.allSatisfy { $0["advice"] is String && $0["what"] is String && $0["path"] is String })
        return (Dictionary(grouping: findings) { $0["check"] as? String ?? "" }, run.status)
    }

    private func path(_ finding: [String: Any]?) -> String { finding?["path"] as? String ?? "" }

    private func ends(_ findings: [[String: Any]]?, _ suffix: String) -> Bool {
        path(findings?.first).hasSuffix(suffix)
    }

    @Test func nothingToSayOfANewVault() throws {
        try vault.store(["docs/file": Data("x".utf8)])
        let (findings, status) = try examine()
        #expect(findings.isEmpty && status == 0, "\(findings)")
        #expect(try vault.run("doctor").text.hasSuffix("0 problems, \(try notes()) notes\n"))
    }

    private func notes() throws -> Int {
        try vault.run("doctor", ["--json"]).json().filter { $0["severity"] as? String == "note" }.count
    }

    @Test func filesInTheDataDirectory() throws {
        try vault.store(["file": Data("x".utf8)])
        try Data("dear diary".utf8).write(to: vault.stored("diary.txt"))
        try Data("dear diary".utf8).write(to: vault.stored("named.gpg"))
        try Data().write(to: vault.stored("empty"))
        try FileManager.default.copyItem(at: vault.stored("file.gpg"), to: vault.stored("renamed"))
        try FileManager.default.copyItem(at: vault.stored("file.gpg"), to: vault.stored("cut.gpg.part"))
        link(vault.stored("file.gpg").path, vault.scratch.path("second name"))
        symlink("/etc/passwd", vault.stored("link").path)
        let (findings, status) = try examine()
        #expect(status == 26)
        #expect(findings["plaintext"]?.count == 1 && ends(findings["plaintext"], "/alice/diary.txt"))
        #expect(findings["damaged"]?.count == 1 && ends(findings["damaged"], "/alice/named.gpg"))
        #expect(Set(findings["not-stored"]?.map { path($0).suffix(8) } ?? []) == ["ce/empty", "/renamed"])
        #expect(ends(findings["partial"], "/cut.gpg.part"))
        #expect(ends(findings["hard-links"], "/file.gpg"))
        #expect(ends(findings["special"], "/link"))
    }

    /// Whatever is beside the keys and not the program's own.
    @Test func whatSomebodyHasPutBesideTheKeys() throws {
        let keys = vault.scratch.url.appending(path: "Configs/keys")
        let secret = "alice/private-keys-v1.d"
        try Data("x".utf8).write(to: keys.appending(path: "alice/trustdb.gpg"))
        let planted = [
            "alice/gpg.conf", "alice/gpg-agent.conf", "-rf", "\(secret)/x.key",
            "\(secret)/\(String(repeating: "A", count: 40)).conf", "alice/x';id;'",
        ]
        for name in planted { try Data("x".utf8).write(to: keys.appending(path: name)) }
        let own = try #require(
            try FileManager.default.contentsOfDirectory(atPath: keys.appending(path: secret).path).first {
                $0.count == 44
            })
        let link = "\(secret)/\(String(repeating: "B", count: 40)).key"
        symlink(own, keys.appending(path: link).path)
        mkfifo(keys.appending(path: "alice/rotation.json").path, 0o600)
        symlink("alice", keys.appending(path: "bob").path)
        let all = try examine().findings["foreign"] ?? []
        #expect(
            all.filter { $0["severity"] as? String == "note" }.map { path($0).suffix(18) } == ["/alice/trustdb.gpg"])
        let findings = all.filter { $0["severity"] as? String == "problem" }
        let expected = planted + [link, "alice/rotation.json", "bob"]
        #expect(Set(findings.map { path($0) }) == Set(expected.map { keys.appending(path: $0).path }))
        // Each line of advice removes what it is about, and nothing else.
        for finding in findings {
            let advice = try #require(finding["advice"] as? String)
            let command = try #require(advice.firstRange(of: "rm -r -- ")).lowerBound
            #expect(try Command.run("sh", ["-c", String(advice[command...])]).status == 0)
        }
        #expect(try examine().findings["foreign"]?.count == 1)
        #expect(FileManager.default.fileExists(atPath: keys.appending(path: secret).appending(path: own).path))
    }

    @Test func namesThatOtherFileSystemsCannotHold() throws {
        let names = ["a:b", "Con.txt", "dot.", "ReadMe", "readme", "plain"]
        try vault.store(Dictionary(uniqueKeysWithValues: names.map { ("x/\($0)", Data("x".utf8)) }))
        let bytes = Array(vault.stored("x/").path.utf8) + [UInt8(ascii: "/"), 0xff] + Array(".gpg".utf8)
        let made = bytes.map { CChar(bitPattern: $0) } + [0]
        try #require(link(vault.stored("x/plain.gpg").path, made) == 0)
        mkdir(vault.stored("x/directory. ").path, 0o700)
        let (findings, status) = try examine()
        #expect(status == 0)
        let named = findings["name"]?.map { path($0).split(separator: "/").last ?? "" } ?? []
        #expect(Set(named) == ["a:b.gpg", "Con.txt.gpg", "readme.gpg", "\u{fffd}.gpg", "directory. "], "\(named)")
    }

    /// Copied together, a name may be there in more than one form: clients see the first.
    @Test func namesThatStandForAnother() throws {
        try vault.store(["x/a:b": Data("x".utf8), "100%": Data("y".utf8)])
        try FileManager.default.copyItem(at: vault.stored("x/a:b.gpg"), to: vault.stored("x/a%3Ab.gpg"))
        try FileManager.default.copyItem(at: vault.stored("x"), to: vault.stored("%78"))
        let findings = try examine().findings["name"] ?? []
        let hidden = findings.filter { ($0["what"] as? String)?.contains("stands for the same name") == true }
        #expect(hidden.count == 2 && Set(hidden.map { path($0).split(separator: "/").last }) == ["%78", "a%3Ab.gpg"])
        let listed = try vault.run("list", ["--json"]).json().filter { $0["stored"] as? String == "/%78/a%3Ab.gpg" }
        #expect(listed.count == 1 && listed.first?["path"] as? String == "/x/a:b", "\(listed)")
    }

    @Test func directoriesThatSomebodyCopies() throws {
        let before = try examine()
        #expect(before.findings["sync"] == nil && before.findings["version-control"] == nil)
        for name in [".git", ".stfolder"] { mkdir(vault.scratch.path(name), 0o700) }
        try vault.scratch.file("data/.sync_1234.db", Data())
        let (findings, status) = try examine()
        #expect(status == 0)
        #expect((findings["version-control"]?.first?["what"] as? String)?.contains("git") == true)
        let said = findings["sync"]?.compactMap { $0["what"] as? String }.joined() ?? ""
        #expect(said.contains("Syncthing") && said.contains("Nextcloud") && !said.contains("Dropbox"))
        try FileManager.default.createDirectory(
            atPath: vault.scratch.path("Dropbox/stick"), withIntermediateDirectories: true)
        for part in ["Configs", "data"] {
            try FileManager.default.moveItem(
                atPath: vault.scratch.path(part), toPath: vault.scratch.path("Dropbox/stick/\(part)"))
        }
        let moved = try Command.run(
            RunningServer.program, ["doctor", "-c", vault.scratch.path("Dropbox/stick/Configs/server.conf")])
        #expect(moved.text.contains("Dropbox seems to copy"), "\(moved.text)")
    }

    @Test func whatOthersCanRead() throws {
        let secret = try #require(
            FileManager.default.contentsOfDirectory(atPath: vault.keys.appending(path: "private-keys-v1.d").path).first)
        let files = [
            "Configs/server.conf", "Configs/hostkeys/rsa_key", "Configs/keys/alice/private-keys-v1.d/\(secret)",
        ]
        chmod(vault.scratch.url.path, 0o755)
        for file in files { chmod(vault.scratch.path(file), 0o644) }
        // The directories above are closed to others: that is enough.
        chmod(vault.scratch.path("Configs"), 0o700)
        #expect(try examine().findings["permissions"] == nil)
        for directory in [
            "Configs", "Configs/hostkeys", "Configs/keys", "Configs/keys/alice", "Configs/keys/alice/private-keys-v1.d",
        ] {
            chmod(vault.scratch.path(directory), 0o755)
        }
        let (findings, status) = try examine()
        #expect(status == 26)
        #expect(Set(findings["permissions"]?.map { path($0) } ?? []) == Set(files.map { vault.scratch.path($0) }))
        // The advice does it.
        for finding in findings["permissions"] ?? [] {
            let advice = finding["advice"] as? String ?? ""
            #expect(try Command.run("sh", ["-c", advice]).status == 0)
        }
        #expect(try examine().findings["permissions"] == nil)
    }

    @Test(arguments: [
        ("rsa2048", "never", "RSA key of 2048"), ("rsa3072", "30d", "expires in"), ("rsa3072", "never", ""),
    ])
    func keys(algorithm: String, expires: String, said: String) throws {
        let fingerprint = try makeKey(algorithm, expires)
        try useKey(fingerprint)
        let (findings, status) = try examine()
        let what = findings["key"]?.compactMap { $0["what"] as? String } ?? []
        #expect(
            said.isEmpty ? what.isEmpty && status == 0 : what.contains { $0.contains(said) } && status == 26, "\(what)")
    }

    @Test func keysThatAreOfNoUse() throws {
        let fingerprint = try makeKey("rsa3072", "30d", ["--faked-system-time", "20200101T000000"])
        try useKey(fingerprint)
        #expect((try examine().findings["key"]?.first?["what"] as? String)?.contains("expired on 20") == true)
        try useKey(String(repeating: "A", count: 40))
        #expect((try examine().findings["key"]?.first?["what"] as? String)?.contains("is not in it") == true)
        try FileManager.default.removeItem(at: vault.keys)
        #expect(try examine().findings["key"]?.first?["severity"] as? String == "problem")
    }

    private func makeKey(_ algorithm: String, _ expires: String, _ options: [String] = []) throws -> String {
        try FileManager.default.removeItem(at: vault.keys)
        mkdir(vault.keys.path, 0o700)
        func gpg(_ arguments: [String]) throws -> Command {
            try Command.run(
                "gpg",
                ["--homedir", vault.keys.path, "--batch", "--pinentry-mode", "loopback", "--passphrase", "x"]
                    + options
                    + arguments
            )
        }
        let made = try gpg(["--quick-gen-key", "alice", algorithm, "default", expires])
        try #require(made.status == 0, "\(made.errors)")
        let listed = try gpg(["--list-keys", "--with-colons"])
        let line = listed.text.split(separator: "\n").first { $0.hasPrefix("fpr:") }
        let fingerprint = try #require(line?.split(separator: ":").last).description
        let added = try gpg(["--quick-add-key", fingerprint, algorithm, "encr", expires])
        try #require(added.status == 0, "\(added.errors)")
        _ = try Command.run("gpgconf", ["--homedir", vault.keys.path, "--kill", "all"])
        return fingerprint
    }

    private func useKey(_ fingerprint: String) throws {
        let text = try String(contentsOf: vault.configuration, encoding: .utf8)
        try Data(text.replacing(/(?m)^key = ".*"$/, with: "key = \"\(fingerprint)\"").utf8).write(
            to: vault.configuration)
    }

    @Test func leftovers() throws {
        mkdir(vault.scratch.path("data/.cryptsftp-drafts"), 0o700)
        try vault.scratch.file("data/.cryptsftp-drafts/left", Data("x".utf8))
        try vault.scratch.file("data/.cryptsftp-drafts/held", Data("x".utf8))
        let held = open(vault.scratch.path("data/.cryptsftp-drafts/held"), O_RDWR | O_CLOEXEC)
        defer { close(held) }
        flock(held, LOCK_EX)
        try vault.scratch.file("Configs/.server.conf.new", Data("x".utf8), mode: 0o600)
        try vault.scratch.file("Configs/keys/alice/private-keys-v1.d/.AB.key.new", Data("x".utf8), mode: 0o600)
        try vault.scratch.file("Configs/keys/alice/rotation.json", Data("{}".utf8), mode: 0o600)
        let (findings, status) = try examine()
        #expect(status == 0)
        let left = findings["leftover"]?.map { path($0).split(separator: "/").last ?? "" } ?? []
        #expect(left == ["left", "rotation.json", ".server.conf.new", ".AB.key.new"], "\(left)")
    }

    @Test func anOldGnuPG() throws {
        // gpgme asks gpgconf where gpg is.
        let bin = vault.scratch.path("bin")
        try vault.plain("bin/gpg", Data("#!/bin/sh\necho 'gpg (GnuPG) 2.1.18'\n".utf8), mode: 0o755)
        try vault.plain(
            "bin/gpgconf", Data("#!/bin/sh\necho 'gpg:OpenPGP:\(bin)/gpg'\n".utf8), mode: 0o755)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let run = try vault.run("doctor", environment: ["PATH": "\(bin):\(path)"])
        #expect(run.status == 26 && run.text.contains("2.1.18"), "\(run.text)")
    }
}

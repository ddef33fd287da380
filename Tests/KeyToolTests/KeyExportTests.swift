import Foundation
import TestSupport
import Testing

/// `key list` and `key export`; above all that the sheet's commands do what it says.
@Suite(.serialized) struct KeyExportTests {
    private static let files = [
        "alice-secret-key.asc", "alice-public-key.asc", "alice-recovery.txt", "alice-recovery.html",
    ]

    @Test(arguments: RecoveryPlace.Machine.all)
    func theSheetRestoresATreeOfAThousandFiles(machine: RecoveryPlace.Machine) throws {
        let place: RecoveryPlace
        do { place = try RecoveryPlace(machine, passphrase: RunningServer.passphrase) } catch {
            return print("skipped: \(error)")
        }
        let server = try RunningServer([("alice", "rw")])
        var tree: [String: Data] = ["taxes.pdf": Data.random(200_000)]
        for number in 0..<1000 {
            tree["box \(number % 7)/it's/\(number) ä.txt"] = Data.random(number, seed: UInt64(number + 1))
        }
        let local = server.scratch.url.appending(path: "local")
        for (path, contents) in tree {
            let file = local.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try contents.write(to: file)
        }
        #expect(try server.sftp("alice", "put -r -p local/. .").status == 0)
        let secret = try server.scratch.file("passphrase", Data("\(RunningServer.passphrase)\n".utf8))
        let away = place.directory
        let export = try Command.run(
            RunningServer.program,
            [
                "key", "export", "alice", away.path, "-c", server.configuration.path, "--passphrase-file", secret.path,
            ], environment: QuickGnuPG.environment)
        #expect(export.status == 0, "\(export.errors)")
        // Only the sheet, the key and the data come along.
        #expect(try Command.run("cp", ["-a", server.data.path, away.appending(path: "data").path]).status == 0)
        let commands = try RecoveryPlace.commands(of: away.appending(path: "alice-recovery.txt"))
        #expect(commands.count == 3)
        for command in commands {
            let run = try place.run(command)
            #expect(run.status == 0 && !run.text.contains("NOT RESTORED"), "\(command): \(run.text) \(run.errors)")
        }
        #expect(try Data(contentsOf: away.appending(path: "taxes.pdf")) == tree["taxes.pdf"])
        let restored = try KeyVault.snapshot(away.appending(path: "restored"))
        #expect(restored == tree, "\(restored.count) of \(tree.count)")
        for path in ["taxes.pdf", "box 3/it's/10 ä.txt"] {
            let dates = try [local, away.appending(path: "restored")].map {
                try FileManager.default.attributesOfItem(atPath: $0.appending(path: path).path)[.modificationDate]
                    as? Date
            }
            #expect(dates[0].map { Int($0.timeIntervalSince1970) } == dates[1].map { Int($0.timeIntervalSince1970) })
        }
        // README.md has a way that needs no sheet.
        try FileManager.default.removeItem(at: away.appending(path: "taxes.pdf"))
        let configuration = server.configuration.deletingLastPathComponent()
        #expect(try Command.run("cp", ["-a", configuration.path, away.appending(path: "Configs").path]).status == 0)
        for command in try Readme.commands(under: "Recover with gpg alone") {
            let run = try place.run(command)
            #expect(run.status == 0, "\(command): \(run.text) \(run.errors)")
            if command.hasPrefix("mkdir") { try place.typePassphrase(in: place.home.appending(path: "alice-keys")) }
        }
        #expect(try Data(contentsOf: away.appending(path: "taxes.pdf")) == tree["taxes.pdf"])
        // The page says the same as the sheet.
        let page = try String(contentsOf: away.appending(path: "alice-recovery.html"), encoding: .utf8)
        for command in commands {
            #expect(
                page.contains(
                    command.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")))
        }
    }

    /// What the tree's commands do with a damaged file: it is named, and nothing is left of it.
    @Test func theSheetNamesWhatItDoesNotRestore() throws {
        let vault = try KeyVault()
        for name in ["good", "bad"] { try vault.store("\(name).gpg", Data.random(100_000)) }
        var bytes = try Data(contentsOf: vault.data.appending(path: "bad.gpg"))
        bytes[70_000] ^= 1
        try bytes.write(to: vault.data.appending(path: "bad.gpg"))
        #expect(
            try vault.run(["key", "export", "alice", vault.scratch.url.path], passphrase: KeyVault.passphrase).status
                == 0)
        let place = try RecoveryPlace(in: vault.scratch.url, passphrase: KeyVault.passphrase)
        var output = ""
        for command in try RecoveryPlace.commands(of: vault.scratch.url.appending(path: "alice-recovery.txt"))
        where !command.contains("taxes") {
            output += try place.run(command).text
        }
        #expect(output.contains("NOT RESTORED: data/alice/bad.gpg"), "\(output)")
        #expect(
            try KeyVault.snapshot(vault.scratch.url.appending(path: "restored")).keys.sorted() == ["good"])
    }

    @Test func theFilesAreForTheirOwnerAlone() throws {
        let vault = try KeyVault([("alice", "rw")], quick: false)
        let directory = vault.scratch.url.appending(path: "paper")
        let wrong = try vault.run(["key", "export", "alice", directory.path], passphrase: "not the passphrase")
        #expect(wrong.status == 12, "\(wrong.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.path))
        let before = try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs"))
        let export = try vault.run(
            ["key", "export", "alice", directory.path, "--json"], passphrase: KeyVault.passphrase)
        #expect(export.status == 0, "\(export.errors)")
        let document = try vault.summary(export)
        let fingerprint = try #require(try vault.line("key")).dropFirst(7).dropLast()
        let names = (Self.files + ["alice-revocation-\(fingerprint).asc"]).sorted()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == names)
        #expect((document["files"] as? [String])?.map { URL(filePath: $0).lastPathComponent }.sorted() == names)
        for name in names {
            let mode = try FileManager.default.attributesOfItem(atPath: directory.appending(path: name).path)[
                .posixPermissions]
            #expect(mode as? Int == 0o600)
            // The passphrase is nowhere.
            let contents = try Data(contentsOf: directory.appending(path: name))
            #expect(contents.range(of: Data(KeyVault.passphrase.utf8)) == nil)
        }
        // What is there already stays.
        #expect(try vault.run(["key", "export", "alice", directory.path], passphrase: KeyVault.passphrase).status == 1)
        #expect(try KeyVault.snapshot(vault.scratch.url.appending(path: "Configs")) == before)
    }

    @Test func theCodeOnThePageIsTheKey() throws {
        let vault = try KeyVault()
        let directory = vault.scratch.url.appending(path: "paper")
        let export = try vault.run(
            ["key", "export", "alice", directory.path, "--json"], passphrase: KeyVault.passphrase)
        #expect(try vault.summary(export)["qr_code"] as? Bool == true, "\(export.errors)")
        let page = try String(contentsOf: directory.appending(path: "alice-recovery.html"), encoding: .utf8)
        let picture = try vault.scratch.file("code.pbm", bitmap(of: page))
        let read = try Command.run("zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture.path])
        let key = try String(contentsOf: directory.appending(path: "alice-secret-key.asc"), encoding: .utf8)
        #expect(
            read.text.trimmingCharacters(in: .whitespacesAndNewlines)
                == key.trimmingCharacters(in: .whitespacesAndNewlines), "\(read.errors)")
    }

    /// Draws the rectangles of a page's code, eight dots for a module, as a PBM picture.
    private func bitmap(of page: String) throws -> Data {
        let box = try #require(page.firstMatch(of: /viewBox="0 0 (\d+) \d+"/)?.1)
        let margin = 4
        let (size, scale) = (try #require(Int(box)), 8)
        var dark = Set<Int>()
        for match in page.matches(of: /<rect x="(\d+)" y="(\d+)" width="(\d+)" height="1" fill="#000000"/) {
            let numbers = [match.1, match.2, match.3].compactMap { Int($0) }
            for x in numbers[0]..<numbers[0] + numbers[2] { dark.insert((numbers[1] + margin) * size + x + margin) }
        }
        var picture = "P1\n\(size * scale) \(size * scale)\n"
        for y in 0..<size * scale {
            for x in 0..<size * scale { picture += dark.contains(y / scale * size + x / scale) ? "1 " : "0 " }
            picture += "\n"
        }
        return Data(picture.utf8)
    }

    @Test func withoutTheDrawingProgramThePageSaysSo() throws {
        let vault = try KeyVault()
        // A directory with gpg's programs only.
        let programs = vault.scratch.url.appending(path: "programs")
        try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
        for name in ["gpg", "gpgconf", "gpg-agent", "env"] {
            try FileManager.default.createSymbolicLink(
                atPath: programs.appending(path: name).path, withDestinationPath: "/usr/bin/\(name)")
        }
        let export = try vault.run(
            ["key", "export", "alice", "paper"], passphrase: KeyVault.passphrase, environment: ["PATH": programs.path])
        #expect(export.status == 0 && export.errors.contains("qrencode"), "\(export.errors)")
        let page = try String(
            contentsOf: vault.scratch.url.appending(path: "paper/alice-recovery.html"), encoding: .utf8)
        #expect(page.contains("There is no QR code") && !page.contains("<svg"))
    }

    @Test func oldKeysAreOnTheSheetToo() throws {
        let vault = try KeyVault()
        try vault.store("old.gpg", Data("old".utf8))
        let old = try Data(contentsOf: vault.data.appending(path: "old.gpg"))
        #expect(try vault.run(["rotate", "alice", "--new-key"], passphrase: KeyVault.passphrase).status == 0)
        try old.write(to: vault.data.appending(path: "older.gpg"))
        #expect(
            try vault.run(["key", "export", "alice", vault.scratch.url.path], passphrase: KeyVault.passphrase).status
                == 0)
        let place = try RecoveryPlace(in: vault.scratch.url, passphrase: KeyVault.passphrase)
        for command in try RecoveryPlace.commands(of: vault.scratch.url.appending(path: "alice-recovery.txt"))
        where !command.contains("taxes") {
            let run = try place.run(command)
            #expect(run.status == 0 && run.text.isEmpty, "\(run.text) \(run.errors)")
        }
        #expect(
            try KeyVault.snapshot(vault.scratch.url.appending(path: "restored"))
                == ["old": Data("old".utf8), "older": Data("old".utf8)])
    }

    @Test func keysAreListed() throws {
        let vault = try KeyVault([("alice", "rw"), ("bob", "wo")], quick: false)
        #expect(try vault.run(["rotate", "alice"], passphrase: KeyVault.passphrase).status == 0)
        #expect(try vault.run(["user", "remove", "bob"]).status == 0)
        let parts = try vault.parts()
        let keys = try vault.run(["key", "list", "--json"]).json()
        #expect(keys.map { $0["user"] as? String } == ["alice", "bob"])
        #expect(keys.map { $0["in_use"] as? Bool } == [true, false])
        #expect(keys.map { $0["secret_here"] as? Bool } == [true, true])
        #expect(keys.map { $0["algorithm"] as? String } == ["ed25519", "ed25519"])
        let subkeys = try #require(keys[0]["subkeys"] as? [[String: Any]])
        #expect(subkeys.map { $0["fingerprint"] as? String } == parts.dropFirst().map(\.fingerprint))
        #expect(subkeys.map { $0["algorithm"] as? String } == ["cv25519", "cv25519"])
        #expect(subkeys.map { $0["in_use"] as? Bool } == [false, true])
        let lines = try vault.run(["key", "list", "--user", "alice"]).text.split(separator: "\n")
        #expect(lines.count == 1)
        let fields = lines[0].split(separator: "\t")
        #expect(fields.count == 7 && fields[0] == "alice" && fields[1] == parts[0].fingerprint)
        #expect(
            fields[2] == "ed25519/cv25519" && fields[4] == "never" && fields[5] == "secret here"
                && fields[6] == "in use")
        #expect(try vault.run(["key", "list", "--user", "nobody"]).status == 1)
    }
}

import Foundation
import SFTP
import TestSupport
import Testing

/// What others have chosen, as every command prints it: nothing of it is a command to a terminal or a shell.
@Suite(.serialized) struct PrintedTextTests {
    /// Sets the title, hides what follows, and tells the terminal to answer; then C1, bidi, and a line of its own.
    private static let evil = "\u{1b}]0;PWNED\u{7}\u{1b}[8m\u{9b}5n\u{202e}\u{200b}\u{2028}"
    /// The same in a string of TOML.
    private static let toml = "\\u001b]0;PWNED\\u0007\\u009b5n\\u202e\\u200b\\u2028"

    /// Fails for bytes that a terminal does not show as they are.
    private func expectPlain(_ run: Command, _ what: String) throws {
        for (stream, text) in [("output", run.text), ("errors", run.errors)] {
            let unsafe = text.unicodeScalars.filter { scalar in
                switch scalar.properties.generalCategory {
                case .control: scalar != "\n" && scalar != "\t"
                case .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            }
            #expect(unsafe.isEmpty, "\(what): \(stream) \(text.debugDescription)")
            #expect(!text.contains("\nforged"), "\(what): \(stream) \(text.debugDescription)")
        }
    }

    private func plain(_ vault: ToolVault, _ command: [String]) throws -> Command {
        let run = try vault.run(command[0], Array(command.dropFirst()))
        try expectPlain(run, "\(command)")
        return run
    }

    private static let settings: [(String, String)] = [
        ("", "\"\(toml)\" = 1\n"), ("", "\"\(toml)\\nforged\" = 1\n"),
        ("data = \"../data\"", "data = \"\(toml)\\nforged\""),
        ("listen = \"127.0.0.1:2200\"", "listen = \"\(toml)\""), ("access = \"rw\"", "access = \"\(toml)\""),
        ("home = \"alice\"", "home = \"\\u009b2J\\u202e\\u2028\""),
        ("home = \"alice\"", "authorized_keys = [\"\(toml) x\"]\nhome = \"alice\""), ("", "[\(evil)]\n"),
        ("", "x = \(evil)\n"), ("", "\(evil) = 1\n"), ("engine = ", "engine = \"\(toml)\"\nx"),
    ]

    @Test(arguments: settings) func settingsOfTheConfiguration(setting: (old: String, new: String)) throws {
        let vault = try ToolVault()
        let text = "engine = \"native\"\n" + (try String(contentsOf: vault.configuration, encoding: .utf8))
        let changed = setting.old.isEmpty ? setting.new + text : text.replacing(setting.old, with: setting.new)
        try #require(changed != text)
        try Data(changed.utf8).write(to: vault.configuration)
        for command in [
            ["list"], ["doctor"], ["verify"], ["user", "list"], ["key", "list"], ["encrypt", "x"], ["cat", "x"],
            ["user", "list", "--json"],
        ] {
            let run = try plain(vault, command)
            if command.last == "--json" { _ = try run.json() }
        }
        // It would serve with some of them.
        let serve = try Command.run(
            "timeout",
            [
                "-s", "INT", "1", RunningServer.program, "serve", "-c", vault.configuration.path, "--listen",
                "127.0.0.1:0",
            ])
        try expectPlain(serve, "serve")
    }

    @Test func namesInTheVault() throws {
        let vault = try ToolVault()
        let names = [Self.evil, "a\nforged", "x';id;'", "-rf", "\u{202e}gpj.exe"]
        try vault.store(Dictionary(uniqueKeysWithValues: names.map { ("\($0)", Data("x".utf8)) }))
        let configs = vault.scratch.url.appending(path: "Configs")
        let keys = configs.appending(path: "keys")
        for name in names {
            try Data("x".utf8).write(to: vault.stored(name))
            let home = keys.appending(path: name)
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                at: vault.keys.appending(path: "pubring.kbx"), to: home.appending(path: "pubring.kbx"))
            try Data("{}".utf8).write(to: home.appending(path: "rotation.json"))
            try Data("x".utf8).write(to: configs.appending(path: ".\(name).new"))
            let hostKey = configs.appending(path: "hostkeys/\(name)")
            try Data("x".utf8).write(to: hostKey)
            chmod(hostKey.path, 0o644)
        }
        chmod(configs.appending(path: "hostkeys").path, 0o755)
        for tool in ["list", "verify", "doctor"] {
            let run = try plain(vault, [tool])
            #expect(run.text.contains("\\u{1B}]0;PWNED\\u{07}"), "\(tool): \(run.text)")
        }
        _ = try plain(vault, ["key", "list"])
        for command in [["list", "--json"], ["verify", "--json"], ["doctor", "--json"], ["key", "list", "--json"]] {
            _ = try plain(vault, command).json()
        }
        // JSON has the names as they are.
        let listed = try vault.run("list", ["--json"]).json().compactMap { $0["path"] as? String }
        for name in names { #expect(listed.contains("/\(name)"), "\(name.debugDescription)") }
        // The names of files in what the user has typed, and in what a glob has made of it.
        for name in names {
            for command in [
                ["cat", "./" + name], ["decrypt", name, "away"], ["encrypt", name], ["list", "/" + name, name],
            ] {
                _ = try plain(vault, command)
            }
        }
        for command in [
            ["list", "--\(Self.evil)"], [Self.evil], ["user", "add", Self.evil], ["verify", "--user", Self.evil],
        ] {
            let run = try Command.run(RunningServer.program, command, in: vault.scratch.url)
            try expectPlain(run, "\(command)")
            #expect(run.status != 0)
        }
    }

    /// Each command that doctor advises does what it says, and nothing else, when it is pasted.
    @Test func adviceIsSafeToPaste() throws {
        let vault = try ToolVault()
        let keys = vault.scratch.url.appending(path: "Configs/hostkeys")
        chmod(keys.path, 0o755)
        chmod(keys.deletingLastPathComponent().path, 0o755)
        chmod(vault.scratch.url.path, 0o755)
        let mark = vault.scratch.path("mark")
        let names = [
            "x';touch '\(mark)';'".replacing("/", with: "_"), "$(touch mark)", "`touch mark`", "a b", "-rf",
            "a;touch mark",
        ]
        for name in names {
            try Data("x".utf8).write(to: keys.appending(path: name))
            chmod(keys.appending(path: name).path, 0o644)
        }
        let advice = try vault.run("doctor", ["--json"]).json().compactMap { $0["advice"] as? String }
            .filter { $0.hasPrefix("chmod ") }
        #expect(advice.count >= names.count)
        for command in advice {
            let run = try Command.run("sh", ["-c", command], in: vault.scratch.url)
            #expect(run.status == 0, "\(command): \(run.errors)")
        }
        for name in names {
            let mode = try FileManager.default.attributesOfItem(atPath: keys.appending(path: name).path)
            #expect(mode[.posixPermissions] as? Int == 0o600)
        }
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test(arguments: [
        ("plain ä 日本", "plain ä 日本"), ("a\tb\nc", "a\\tb\\nc"), ("\u{1b}[2J", "\\u{1B}[2J"), ("\u{9b}", "\\u{009B}"),
        ("\u{202e}", "\\u{202E}"), ("\u{feff}", "\\u{FEFF}"), ("\u{e0001}", "\\u{000E0001}"), ("\u{7f}", "\\u{7F}"),
    ])
    func escapes(text: String, shown: String) throws {
        #expect(PrintableText.escaped(text) == shown)
        #expect(PrintableText.isPrintable(text) == (text == shown))
        let json = String(decoding: try JSONEncoder().encode([text]), as: UTF8.self)
        let safe = PrintableText.escaped(json: json)
        #expect(PrintableText.isPrintable(safe))
        #expect(try JSONDecoder().decode([String].self, from: Data(safe.utf8)) == [text])
    }
}

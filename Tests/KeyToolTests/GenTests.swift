import Foundation
import Server
import ServerConfiguration
import TestSupport
import Testing

/// What is generated, and what lies in `Configs/` for people to take.
@Suite struct GenTests {
    private func gen(_ arguments: String...) throws -> Command {
        let run = try Command.run(RunningServer.program, ["gen"] + arguments)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        return run
    }

    @Test func theManualPageIsWellFormed() throws {
        let scratch = try Scratch()
        let page = try scratch.file("cryptsftp.1", gen("man").output)
        let checked = try Command.run("groff", ["-mdoc", "-ww", "-z", "-Tutf8", "-K", "utf8", page.path])
        // The generator leaves an empty line between paragraphs as it is.
        let complaints = checked.errors.split(separator: "\n").filter { !$0.contains("Empty input line") }
        #expect(checked.status == 0 && complaints.isEmpty, "\(complaints)")
        let shown = try Command.run(
            "man", ["-l", "-E", "UTF-8", page.path],
            environment: ["MANPAGER": "cat", "MANWIDTH": "100", "LC_ALL": "C.UTF-8"])
        for text in [
            "cryptsftp [-c FILE] -a NAME", "passwd", "rotate", "--new-passphrase-file file", "completion",
            "--access access", "EXIT CODES", "12    the passphrase is wrong", "CRYPTSFTP_PASSPHRASE_FILE",
        ] { #expect(shown.text.contains(text), "\(text) in \(shown.text)") }
        // The argument that is not for people has no entry.
        #expect(!shown.text.contains("     monitor"))
    }

    @Test func bashCompletes() throws {
        let scratch = try Scratch()
        let script = try scratch.file("completion", gen("completion", "bash").output)
        #expect(try Command.run("bash", ["-n", script.path]).status == 0)
        for (words, expected) in [
            (["us"], ["user"]), (["user", ""], ["add", "list", "passwd", "set", "remove"]),
            (["rotate", "--new"], ["--new-key"]),
            (["gen", "completion", "z"], ["zsh"]),
        ] {
            let line = (["cryptsftp"] + words).map { "'\($0)'" }.joined(separator: " ")
            let program = """
                source \(script.path)
                COMP_WORDS=(\(line)); COMP_CWORD=\(words.count); COMP_LINE="cryptsftp \(words.joined(separator: " "))"
                COMP_POINT=${#COMP_LINE}
                read -r _ _ function _ < <(complete -p cryptsftp | sed 's/.*-F /x x /')
                $function cryptsftp '\(words.last ?? "")' ''
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            let run = try Command.run("bash", ["-c", program])
            let offered = Set(run.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
            #expect(offered.isSuperset(of: expected), "\(words): \(run.text)\(run.errors)")
        }
    }

    @Test(arguments: ["zsh", "fish"]) func otherShellsReadTheirs(shell: String) throws {
        let scratch = try Scratch()
        let script = try scratch.file("completion", gen("completion", shell).output)
        #expect(try String(contentsOf: script, encoding: .utf8).contains("passwd"))
        guard try Command.run("sh", ["-c", "command -v \(shell)"]).status == 0 else {
            print("skipped: there is no \(shell) to check its completion with")
            return
        }
        #expect(try Command.run(shell, ["-n", script.path]).status == 0)
    }

    @Test func unknownShellsAreRefused() throws {
        #expect(try Command.run(RunningServer.program, ["gen", "completion", "csh"]).status == 2)
    }

    @Test func theSampleIsTheTemplate() throws {
        let file = Checkout.top.appending(path: "Configs/server.conf.sample")
        let sample = try String(contentsOf: file, encoding: .utf8)
        // To write it again: bin/cryptsftp gen conf > Configs/server.conf.sample
        #expect(try gen("conf").text == sample)
        #expect(sample == ConfigurationFile.template(for: URL(filePath: "/vault/Configs/server.conf")))
        let configuration = try Configuration(file: file)
        #expect(configuration.accounts.isEmpty && configuration.limits == ServerLimits())
        // It is not taken for the real one.
        #expect(try ConfigurationFile.locate(nil, vault: Checkout.top.path).lastPathComponent == "server.conf")
    }

    /// Every setting that the sample explains is one.
    @Test func whatTheSampleExplainsExists() throws {
        let key = String(repeating: "AB", count: 20)
        let lines = try gen("conf").text.split(separator: "\n").map { line -> String in
            let text = line.hasPrefix("# ") ? String(line.dropFirst(2)) : String(line)
            guard let match = text.firstMatch(of: /^(\w+) = ("[^"]*"|\[[^\]]*\]|\d+|true)/) else {
                return text.hasPrefix("[") ? text : "#"
            }
            switch match.1 {
            case "key": return "key = \"\(key)\""
            // These stand there shortened.
            case "password", "wo_password", "authorized_keys": return "#"
            default: return String(match.0)
            }
        }
        let scratch = try Scratch()
        let file = try scratch.file("server.conf", Data(lines.joined(separator: "\n").utf8))
        let configuration = try Configuration(file: file)
        #expect(configuration.accounts.map(\.name) == ["alice"] && configuration.limits == ServerLimits())
        #expect(configuration.portableNames)
        #expect(lines.count { !$0.hasPrefix("#") } > 12)
    }

    @Test(arguments: ["system", "user"]) func theUnitsAreGood(kind: String) throws {
        let unit = Checkout.top.appending(path: "Configs/systemd/\(kind)/cryptsftp.service")
        guard try Command.run("sh", ["-c", "command -v systemd-analyze"]).status == 0 else {
            print("skipped: there is no systemd-analyze to check \(kind)/cryptsftp.service with")
            return
        }
        // Where the program is on this machine.
        let text = try String(contentsOf: unit, encoding: .utf8)
            .replacing("/usr/local/bin/cryptsftp", with: RunningServer.program)
            .replacing("%h/.local/bin/cryptsftp", with: RunningServer.program)
        let scratch = try Scratch()
        let copy = try scratch.file("cryptsftp.service", Data(text.utf8))
        let checked = try Command.run("systemd-analyze", ["verify", "--man=no", copy.path])
        #expect(checked.status == 0 && !checked.errors.contains("cryptsftp.service"), "\(checked.errors)")
        guard kind == "system" else { return }
        let security = try Command.run("systemd-analyze", ["security", "--offline=true", "--threshold=20", copy.path])
        #expect(security.status == 0, "\(security.text.suffix(300))\(security.errors)")
    }

    @Test func thePropertyListIsGood() throws {
        let file = Checkout.top.appending(path: "Configs/launchd/cryptsftp.plist")
        let list =
            try PropertyListSerialization.propertyList(from: Data(contentsOf: file), format: nil) as? [String: Any]
        #expect((list?["ProgramArguments"] as? [String])?.dropFirst().first == "serve")
        #expect(list?["Label"] as? String == "cryptsftp" && list?["ExitTimeOut"] as? Int == 300)
    }

    /// Real configurations are never committed; these are.
    @Test func gitKeepsTheRealOnesOut() throws {
        func isIgnored(_ path: String) throws -> Bool {
            try Command.run("git", ["-C", Checkout.top.path, "check-ignore", "--quiet", "--no-index", path]).status == 0
        }
        for path in ["server.conf", "keys/alice/pubring.kbx", "hostkeys/ed25519_key", ".server.conf.new"] {
            #expect(try isIgnored("Configs/\(path)"), "\(path)")
        }
        for path in [
            "server.conf.sample", "systemd/system/cryptsftp.service", "systemd/user/cryptsftp.service",
            "launchd/cryptsftp.plist",
        ] {
            #expect(try !isIgnored("Configs/\(path)"), "\(path)")
        }
    }
}

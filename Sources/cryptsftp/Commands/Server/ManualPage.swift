private import Foundation

/// The manual page, written from the tree of commands as the parser of the command line describes it.
///
/// Source: man(7) for the macros; swift-argument-parser's `ArgumentParserToolInfo` for the description.
struct ManualPage {
    let text: String

    /// What the page needs of the description.
    private struct Tool: Decodable {
        struct Command: Decodable {
            let commandName: String
            let shouldDisplay: Bool?
            let abstract: String?
            let discussion: String?
            let subcommands: [Command]?
            let arguments: [Argument]?
        }

        struct Argument: Decodable {
            struct Name: Decodable {
                let kind: String
                let name: String

                var text: String { (kind == "long" ? "--" : "-") + name }
            }

            let kind: String
            let shouldDisplay: Bool
            let isOptional: Bool
            let isRepeating: Bool
            let names: [Name]?
            let valueName: String?
            let defaultValue: String?
            let abstract: String?
        }

        let command: Command
    }

    /// - Parameter description: the commands as `--experimental-dump-help` prints them.
    init(_ description: String) throws {
        let root = try JSONDecoder().decode(Tool.self, from: Data(description.utf8)).command
        // What has a layout of its own in the help, the synopsis and the exit codes, keeps it.
        let discussion = (root.discussion ?? "").split(separator: "\n\n", omittingEmptySubsequences: true)
        let codes = discussion.last { $0.contains("EXIT CODES:") } ?? ""
        let synopsis = discussion.first { !$0.contains("EXIT CODES:") } ?? ""
        var lines = [
            ".TH CRYPTSFTP 1", ".SH NAME",
            "cryptsftp \\- \(Self.escaped(Self.sentence(root.abstract)))", ".SH SYNOPSIS", ".nf",
        ]
        lines += synopsis.split(separator: "\n").map { Self.escaped(String($0)) } + [".fi", ".SH COMMANDS"]
        for command in root.subcommands ?? [] { lines += Self.section(command, under: [root.commandName]) }
        lines += [".SH EXIT STATUS", ".nf"]
        lines += codes.split(separator: "\n").dropFirst().map { Self.escaped(String($0)) } + [".fi", ".SH ENVIRONMENT"]
        for (name, meaning) in Self.environment { lines += [".TP", ".B \(name)", Self.escaped(meaning)] }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static let environment = [
        (
            "CRYPTSFTP_PASSPHRASE_FILE",
            "A file whose first line is the passphrase, where --passphrase-file is not given."
        ),
        ("CRYPTSFTP_VAULT", "The directory whose Configs/server.conf is meant where there is no ./server.conf."),
    ]

    private static func section(_ command: Tool.Command, under names: [String]) -> [String] {
        guard command.shouldDisplay ?? true, command.commandName != "help" else { return [] }
        let path = names + [command.commandName]
        var lines: [String] = []
        let inner = (command.subcommands ?? []).flatMap { section($0, under: path) }
        let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && !isHelp($0) }
        // A command that only has others below it needs no section of its own.
        if inner.isEmpty {
            lines = [".SS \"\(escaped(path.joined(separator: " ")))\"", escaped(sentence(command.abstract))]
            let usage = arguments.filter { $0.kind == "positional" }.map { argument in
                argument.isOptional ? "[\(label(argument))]" : label(argument)
            }
            lines += [".PP", ".B \(escaped(path.joined(separator: " ")))"]
            lines += [escaped((usage + ["[options]"]).joined(separator: " "))]
            if let discussion = command.discussion { lines += [".PP"] + text(discussion) }
            for argument in arguments { lines += entry(argument) }
        }
        return lines + inner
    }

    private static func isHelp(_ argument: Tool.Argument) -> Bool {
        argument.names?.contains { ["help", "version"].contains($0.name) } ?? false
    }

    private static func label(_ argument: Tool.Argument) -> String {
        let value = (argument.valueName ?? "value").uppercased() + (argument.isRepeating ? "..." : "")
        guard let names = argument.names, !names.isEmpty else { return value }
        let all = names.map(\.text).sorted { $0.count < $1.count }.joined(separator: ", ")
        return argument.kind == "option" ? "\(all) \(value)" : all
    }

    private static func entry(_ argument: Tool.Argument) -> [String] {
        var meaning = argument.abstract ?? ""
        if let value = argument.defaultValue, argument.kind != "flag" { meaning += " (default: \(value))" }
        return [".TP", ".B \(escaped(label(argument)))"] + text(meaning)
    }

    private static func sentence(_ abstract: String?) -> String { abstract ?? "" }

    private static func text(_ paragraph: String) -> [String] {
        let lines = paragraph.split(separator: "\n").map { escaped(String($0)) }
        return lines.isEmpty ? ["\\&"] : lines
    }

    /// Text that means itself: no hyphen is a minus, no point or quote at a line's start a command.
    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }
}

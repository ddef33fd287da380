internal import ArgumentParser

/// The command `cryptsftp key …`.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "List, export and import the keys of users.",
        subcommands: [KeyListCommand.self, KeyExportCommand.self, KeyImportCommand.self])
}

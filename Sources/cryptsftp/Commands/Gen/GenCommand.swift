internal import ArgumentParser

/// The command `cryptsftp gen …`.
struct GenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gen",
        abstract: "Print the manual page, a completion script for a shell, or a sample server.conf.",
        subcommands: [GenManCommand.self, GenCompletionCommand.self, GenConfCommand.self])
}

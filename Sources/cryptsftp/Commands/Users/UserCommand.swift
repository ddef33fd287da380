internal import ArgumentParser

/// The command `cryptsftp user …`.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Add, list, change and remove users.",
        subcommands: [
            UserAddCommand.self, UserListCommand.self, UserPasswdCommand.self, UserSetCommand.self,
            UserConfirmCommand.self, UserRemoveCommand.self,
        ])
}

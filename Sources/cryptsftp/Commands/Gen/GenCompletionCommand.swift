public import ArgumentParser

/// The command `cryptsftp gen completion SHELL`.
struct GenCompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a script that lets a shell complete commands and options.")

    @Argument(help: "The shell.")
    var shell: CompletionShell

    func run() {
        print(Main.completionScript(for: shell))
    }
}

extension CompletionShell: @retroactive ExpressibleByArgument {}

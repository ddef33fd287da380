internal import ArgumentParser
private import Foundation
internal import ServerConfiguration

/// The command `cryptsftp gen …`.
struct GenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gen", abstract: "Print the manual page, completions for shells, or a sample server.conf.",
        subcommands: [GenMan.self, GenCompletion.self, GenConf.self])
}

/// The command `cryptsftp gen man`.
struct GenMan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Print the manual page: 'cryptsftp gen man > cryptsftp.1'.")

    func run() throws {
        print(try ManualPage(Main._dumpHelp()).text, terminator: "")
    }
}

/// The command `cryptsftp gen completion`.
struct GenCompletion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what lets a shell complete commands and options.")

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        fileprivate var shell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() {
        print(Main.completionScript(for: shell.shell))
    }
}

/// The command `cryptsftp gen conf`.
struct GenConf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conf", abstract: "Print a server.conf with all settings explained and no users.")

    func run() {
        print(ConfigurationFile.template(for: URL(filePath: "/Configs/server.conf")), terminator: "")
    }
}

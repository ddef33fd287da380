internal import ArgumentParser
private import Foundation
private import SFTP
private import Vault

/// The program.
///
/// Without a subcommand it serves.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptsftp",
        abstract: "An SFTP server that stores what is uploaded as OpenPGP files, and decrypts what is downloaded.",
        discussion: """
            cryptsftp [-c FILE] [--listen ADDRESS:PORT]   serve, until Ctrl-C
            cryptsftp [-c FILE] -a NAME                   add a user

            \(ExitStatus.table)
            """,
        version: "0.1.0",
        subcommands: [
            Serve.self, UserCommand.self, KeyCommand.self, RotateCommand.self, ListCommand.self, CatCommand.self,
            DecryptCommand.self, EncryptCommand.self, VerifyCommand.self, DoctorCommand.self, GenCommand.self,
            SessionCommand.self,
        ],
        defaultSubcommand: Serve.self)

    /// Runs one command.
    ///
    /// Data goes to standard output, messages to standard error as `cryptsftp: …`.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        // The parser throws its help and version too; what is wrong with a command line has the parser's text and our
        // code.
        switch exitCode(for: error) {
        case .success:
            print(fullMessage(for: error))
            Foundation.exit(ExitStatus.success.rawValue)
        case .validationFailure:
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(ExitStatus.usage.rawValue)
        default:
            Terminal.say(description(of: error))
            Foundation.exit(ExitStatus(for: error).rawValue)
        }
    }

    private static func description(of error: any Error) -> String {
        switch error {
        case is Interrupted: "interrupted"
        case let error as FileSystemError: error.message
        default: "\(error)"
        }
    }
}

/// Which server.conf a command works on.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: "The server.conf; without it ./server.conf, then the vault's Configs/server.conf.", completion: .file())
    var path: String?
}

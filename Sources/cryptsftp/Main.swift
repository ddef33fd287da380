private import Administration
internal import ArgumentParser
private import Foundation
private import Platform
private import Server

/// The program; without a subcommand it serves.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptsftp",
        abstract: "An SFTP server that stores what is uploaded as OpenPGP files, and decrypts what is downloaded.",
        // Indented lines keep their form in the manual page, too.
        discussion: """
              cryptsftp [-c FILE] [--listen ADDRESS:PORT]   serve, until Ctrl-C
              cryptsftp [-c FILE] -a NAME                   add a user

            \(ExitStatus.table)

            ENVIRONMENT:
              CRYPTSFTP_PASSPHRASE_FILE  a file whose first line is the passphrase, unless --passphrase-file is given
              CRYPTSFTP_VAULT            the directory whose Configs/server.conf is used if there is no ./server.conf
              XDG_STATE_HOME             the directory for what 'trust' remembers, in cryptsftp/ (~/.local/state)
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, UserCommand.self, KeyCommand.self, RotateCommand.self, TrustCommand.self,
            ListCommand.self, CatCommand.self, DecryptCommand.self, EncryptCommand.self, VerifyCommand.self,
            DoctorCommand.self, GenCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)

    /// Runs one command.
    ///
    /// Data goes to standard output, messages to standard error as `cryptsftp: …`.
    static func main() {
        CrashReports.forbid()
        do {
            if CommandLine.arguments.dropFirst().elementsEqual(["monitor"]) { try serveConnection() }
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// Serves one connection: the listener starts this program with the argument `monitor`.
    ///
    /// That is no command for people, and no help shows it: without the listener's descriptors it only fails.
    private static func serveConnection() throws -> Never {
        guard let status = try? ConnectionProcess.serve() else {
            throw Problem(.usage, "'monitor' is for the server itself")
        }
        Foundation.exit(status)
    }

    private static func end(with error: any Error) -> Never {
        // The parser also throws for help and version. Its own code for a wrong command line is replaced by ours.
        switch exitCode(for: error) {
        case .success:
            print(fullMessage(for: error))
            Foundation.exit(ExitStatus.success.rawValue)
        case .validationFailure:
            Terminal.explain(fullMessage(for: error))
            Foundation.exit(ExitStatus.usage.rawValue)
        default:
            Terminal.say(FailureCause.description(of: error))
            Foundation.exit(ExitStatus(for: error).rawValue)
        }
    }
}

internal import ArgumentParser
internal import Foundation
internal import GnuPG
internal import Logging
private import OpenPGP
private import SSHTransport
internal import Server
internal import ServerConfiguration

/// `cryptsftp serve`, and what `cryptsftp` does without a subcommand.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve until stopped with Ctrl-C. (default)")

    @OptionGroup var config: ConfigurationOption

    @Option(
        name: [.customShort("a"), .customLong("add-user")],
        help: "Add this user and exit: the same as 'cryptsftp user add NAME'.")
    var newUser: String?

    @OptionGroup(title: "For a new user") var userOptions: NewUserOptions

    @Option(help: ArgumentHelp("Listen here instead of where server.conf says.", valueName: "address:port"))
    var listen: String?

    @Option(help: "How log lines look: text or json.")
    var logFormat: LogFormat = .text

    @Option(help: "Which log lines appear: debug, info, notice, warning or error.")
    var logLevel: LogLevel = .info

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("--listen takes ADDRESS:PORT, such as 127.0.0.1:2200 or [::1]:2200")
        }
        if newUser == nil, userOptions.isGiven {
            throw ValidationError("--access, --home and --passphrase-file go with -a NAME")
        }
    }

    func run() throws {
        let file = ConfigurationFile.locate(config.path, vault: Vault.path)
        if let newUser { return try userOptions.add(newUser, to: file) }
        if !FileManager.default.fileExists(atPath: file.path) { try makeFirstUser(file) }
        let configuration = try Configuration(file: file)
        let gnupg = try check(configuration)
        let (format, level) = (logFormat, logLevel.loggerLevel)
        let listener: Listener
        do {
            listener = try Listener(
                configuration, listen: listen.flatMap { ListenAddress($0) },
                log: Logger(label: "cryptsftp") { _ in ServerLog(format, level) })
        } catch let error as SSHError {
            throw Problem(.addressUnavailable, error.description)
        }
        try announce(configuration, listener, gnupg)
        listener.run()
        print("Stopped.")
    }

    /// With no configuration there is nobody to serve: asks for the first user, as the ancestor did.
    private func makeFirstUser(_ file: URL) throws {
        print("There is no \(file.path) yet: it is made now, with a first user.")
        print("User name: ", terminator: "")
        fflush(nil)
        guard let name = readLine(), !name.isEmpty else {
            throw Problem(.noConfiguration, "no user name was given: make \(file.path) with 'cryptsftp -a NAME'")
        }
        try userOptions.add(name, to: file)
    }

    /// Finds out before serving what would let every login or upload fail.
    private func check(_ configuration: Configuration) throws -> GnuPGProgram {
        guard access(configuration.data.path, R_OK | X_OK) == 0 else {
            throw Problem(
                .dataUnavailable, "the data directory \(configuration.data.path) is missing or cannot be read")
        }
        if access(configuration.data.path, W_OK) != 0 {
            Terminal.say("the data directory \(configuration.data.path) cannot be written: only downloads will work")
        }
        _ = try RuntimeDirectory()
        let gnupg = try GnuPGProgram.find()
        if configuration.accounts.isEmpty {
            Terminal.say("there are no users in \(configuration.file.path): add one with 'cryptsftp -a NAME'")
        }
        return gnupg
    }

    private func announce(_ configuration: Configuration, _ listener: Listener, _ gnupg: GnuPGProgram) throws {
        let keys: [HostKey]
        do {
            keys = try HostKeyStore.load(from: configuration.hostKeys)
        } catch {
            throw Problem(.badConfiguration, "\(error)")
        }
        print("Starting SFTP Service")
        print("  address:   \(listener.address)")
        for key in keys { print("  host key:  \(key.fingerprintLine)") }
        print("  files:     \(configuration.data.path)")
        print("  gpg:       \(gnupg.path), version \(gnupg.version)")
        print("  stop:      Ctrl-C; a second time to stop without waiting for transfers")
        fflush(nil)
    }
}

extension LogFormat: ExpressibleByArgument {}

/// What `--log-level` takes.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case debug, info, notice, warning, error

    fileprivate var loggerLevel: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

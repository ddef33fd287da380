private import Administration
public import ArgumentParser
internal import Foundation
public import Logging
private import Platform
private import SSHTransport
internal import Server
internal import ServerConfiguration

/// The command `cryptsftp serve`, which also runs without a subcommand.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve until stopped with Ctrl-C. (default)")

    @OptionGroup var config: ConfigurationOption

    @Option(
        name: [.customShort("a"), .customLong("add-user")],
        help: ArgumentHelp("Add this user and exit: the same as 'cryptsftp user add NAME'.", valueName: "name"))
    var newUser: String?

    @OptionGroup(title: "For a new user") var userOptions: NewUserOptions

    @Option(help: ArgumentHelp("Listen on this address instead of the one in server.conf.", valueName: "address:port"))
    var listen: String?

    @Option(help: ArgumentHelp("The format of log lines.", valueName: "format"))
    var logFormat: LogFormat = .text

    @Option(help: ArgumentHelp("The lowest level of log lines that are written.", valueName: "level"))
    var logLevel: Logger.Level = .info

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("--listen takes ADDRESS:PORT, such as 127.0.0.1:2200 or [::1]:2200")
        }
        if newUser == nil, userOptions.isGiven {
            throw ValidationError("--access, --home, --shared, --key and --passphrase-file need -a NAME")
        }
    }

    func run() throws {
        let file = try config.locate()
        if let newUser { return try userOptions.add(newUser, to: file) }
        if !FileManager.default.fileExists(atPath: file.path) { try makeFirstUser(file) }
        let configuration = try Configuration(file: file)
        try VaultTrust.check(configuration, note: Terminal.say)
        try checkData(configuration)
        let gpg = try Doctor.findGnuPG()
        if configuration.accounts.isEmpty {
            Terminal.say("there are no users in \(file.path): add one with 'cryptsftp -a NAME'")
        }
        for warning in configuration.warnings { Terminal.say(warning) }
        let listener = try makeListener(configuration)
        try announce(configuration, listener, gpg: "\(gpg.path), version \(gpg.version)")
        listener.run()
        Terminal.show("Stopped.")
    }

    /// Asks for the first user when there is no configuration.
    private func makeFirstUser(_ file: URL) throws {
        Terminal.show("There is no \(file.path) yet. It will be made now, with a first user.")
        Terminal.show("User name: ", terminator: "")
        guard let name = readLine(), !name.isEmpty else {
            throw Problem(.noConfiguration, "no user name was given: make \(file.path) with 'cryptsftp -a NAME'")
        }
        try userOptions.add(name, to: file)
    }

    /// Refuses a data directory that would let every transfer fail.
    private func checkData(_ configuration: Configuration) throws {
        let path = configuration.data.path
        guard access(path, R_OK | X_OK) == 0 else {
            throw Problem(.dataUnavailable, "the data directory \(path) is missing or cannot be read")
        }
        if access(path, W_OK) != 0 {
            Terminal.say("the data directory \(path) cannot be written: only downloads will work")
        }
    }

    private func makeListener(_ configuration: Configuration) throws -> Listener {
        let (format, level) = (logFormat, logLevel)
        do {
            return try Listener(
                configuration, listen: listen.flatMap { ListenAddress($0) },
                log: Logger(label: "cryptsftp") { _ in ServerLog(format, level) })
        } catch let error as SSHError {
            throw Problem(
                .addressUnavailable, "\(error): end what listens there, or choose another port with --listen")
        }
    }

    private func announce(_ configuration: Configuration, _ listener: Listener, gpg: String) throws {
        let keys: [HostKey]
        do {
            keys = try HostKeyStore.load(from: configuration.hostKeys)
        } catch {
            throw Problem(.badConfiguration, "\(error)")
        }
        Terminal.show("Starting SFTP Service")
        for address in listener.addresses { Terminal.show("  address:   \(address)") }
        for remark in listener.remarks { Terminal.show("  note:      \(remark)") }
        for key in keys { Terminal.show("  host key:  \(key.fingerprintLine)") }
        Terminal.show("  files:     \(configuration.data.path)")
        Terminal.show("  gpg:       \(gpg)")
        if let key = keys.first {
            let address = listener.clientAddress
            Terminal.show(
                "  known_hosts: with the next line in ~/.ssh/known_hosts, sftp tells another server from this one")
            Terminal.show(key.knownHostsLine(host: address.host, port: address.port))
        }
        for hazard in MachineHazard.all { Terminal.show("  warning:   \(hazard.path): \(hazard.what)") }
        Terminal.show("  stop:      Ctrl-C; a second time to stop without waiting for transfers")
    }
}

extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}

internal import ArgumentParser
internal import Foundation
private import Secrets
internal import Server

/// The command `cryptsftp user …`.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Add and list users.", subcommands: [UserAdd.self, UserList.self])
}

/// The command `cryptsftp user add NAME`.
struct UserAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user; what is there already stays as it is.")

    @Argument(help: "Letters, digits and . _ - , 64 at most.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var options: NewUserOptions

    func run() throws {
        try options.add(name, to: ConfigurationFile.locate(config.path, vault: Vault.path))
    }
}

/// What `user add` and `-a` have in common.
struct NewUserOptions: ParsableArguments {
    @Option(help: "rw: the passphrase opens the files. wo: and anybody may put files in. (default: rw)")
    var access: Account.Access?

    @Option(help: ArgumentHelp("The user's folder below the data folder. (default: the name)", valueName: "dir"))
    var home: String?

    @Option(
        help: ArgumentHelp(
            "Take the passphrase from the first line of this file, - for standard input, instead of asking; also "
                + "CRYPTSFTP_PASSPHRASE_FILE.", valueName: "file"), completion: .file())
    var passphraseFile: String?

    var isGiven: Bool { access != nil || home != nil || passphraseFile != nil }

    /// Adds the user and says what was made.
    func add(_ name: String, to file: URL) throws {
        let user = NewUser(name: name, access: access ?? .rw, home: home)
        do {
            try user.check(against: file)
            let source = passphraseFile ?? ProcessInfo.processInfo.environment["CRYPTSFTP_PASSPHRASE_FILE"]
            let passphrase = try source.map { try Terminal.passphrase(from: $0) } ?? Terminal.newPassphrase(for: name)
            guard passphrase.count >= NewUser.shortestPassphrase else {
                throw Problem(
                    .wrongPassphrase, "the passphrase must have \(NewUser.shortestPassphrase) octets at least")
            }
            if PassphraseStrength.isWeak(passphrase) {
                Terminal.say("this passphrase is weak: who finds the files can try many; five random words are better")
            }
            let fingerprint = try user.add(to: file, passphrase: passphrase)
            print("Added \(name) to \(file.path); key \(fingerprint)")
        } catch let refusal as NewUser.Refusal {
            throw Problem(.failure, refusal.description)
        }
    }
}

/// The command `cryptsftp user list`.
struct UserList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the users, a line each.")

    @OptionGroup var config: ConfigurationOption

    func run() throws {
        let file = ConfigurationFile.locate(config.path, vault: Vault.path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Problem(.noConfiguration, "there is no \(file.path): make it with 'cryptsftp -a NAME'")
        }
        for account in try Configuration(file: file).accounts {
            print("\(account.name)\t\(account.access.rawValue)\t\(account.home)\t\(account.key)")
        }
    }
}

extension Account.Access: ExpressibleByArgument {}

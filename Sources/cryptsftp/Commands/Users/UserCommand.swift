internal import Administration
internal import ArgumentParser
internal import Foundation
private import Secrets
internal import ServerConfiguration

/// The command `cryptsftp user …`.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Add, list, change and remove users.",
        subcommands: [UserAdd.self, UserList.self, UserPasswd.self, UserSet.self, UserRemove.self])
}

/// The command `cryptsftp user add NAME`.
struct UserAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user; what is there already stays as it is.")

    @Argument(help: "Letters, digits and . _ - , 64 at most.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var options: NewUserOptions
    @OptionGroup var json: JSONOption

    func run() throws {
        try options.add(name, to: ConfigurationFile.locate(config.path, vault: Vault.path), json: json.json)
    }
}

/// What `user add` and `-a` have in common.
struct NewUserOptions: ParsableArguments {
    @Option(help: "rw: the passphrase opens the files. wo: and anybody may put files in. (default: rw)")
    var access: Account.Access?

    @Option(help: ArgumentHelp("The user's directory below the data directory. (default: the name)", valueName: "dir"))
    var home: String?

    @OptionGroup var passphrase: PassphraseOption

    var isGiven: Bool { access != nil || home != nil || passphrase.passphraseFile != nil }

    private struct Line: Encodable {
        let event = "user_add"
        let user: String
        let key: String
        let configuration: String
    }

    /// Adds the user and says what was made.
    func add(_ name: String, to file: URL, json: Bool = false) throws {
        let user = NewUser(name: name, access: access ?? .rw, home: home)
        try user.check(against: file)
        let passphrase = try passphrase.newPassphrase(for: name)
        let interruption = Interruption()
        let fingerprint = try user.add(to: file, passphrase: passphrase) { interruption.isDue }
        try Output.only(
            Line(user: name, key: fingerprint, configuration: file.path),
            or: "Added \(name) to \(file.path); key \(fingerprint)", json: json)
    }
}

extension Account.Access: ExpressibleByArgument {}

internal import Administration
internal import ArgumentParser
private import Foundation
internal import ServerConfiguration

/// The command `cryptsftp user set NAME`.
struct UserSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change a user's settings in server.conf. The rest of the file stays as it is.",
        discussion: """
            A running server uses the change from the next connection on. With --passphrase-file the passphrase confirms \
            it; otherwise 'user confirm' does.
            """)

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption

    @Option(help: "rw: the passphrase opens the files. wo: in addition, anybody may upload files.")
    var access: Account.Access?

    @Option(
        help: ArgumentHelp(
            "The user's directory in the data directory. Files are not moved there.", valueName: "dir"))
    var home: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Let the home be another user's too, or lie in it, or have it inside.")
    var shared: Bool?

    @OptionGroup var limits: UploadLimitOptions

    @Option(
        help: ArgumentHelp(
            "Let only the public keys in this file log in to the wo view. May be given several times.",
            valueName: "file"), completion: .file())
    var authorizedKey: [String] = []

    @Flag(help: "Let no public key log in.")
    var noAuthorizedKeys = false

    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user_set"
        let user: String
        let changed: Bool
        let confirmed: Bool
    }

    func validate() throws {
        guard
            access != nil || home != nil || shared != nil || limits.isGiven || !authorizedKey.isEmpty
                || noAuthorizedKeys
        else {
            throw ValidationError(
                "name a setting to change: --access, --home, --shared, --max-megabytes, --max-files, --max-depth, "
                    + "--on-exists, --authorized-key or --no-authorized-keys")
        }
        guard authorizedKey.isEmpty || !noAuthorizedKeys else {
            throw ValidationError("--authorized-key and --no-authorized-keys cannot be used together")
        }
    }

    func run() throws {
        let file = try config.existing()
        var change = UserChange()
        change.access = access
        change.home = home
        change.limits = limits.limits
        change.isShared = shared
        if noAuthorizedKeys {
            change.authorizedKeys = []
        } else if !authorizedKey.isEmpty {
            change.authorizedKeys = try authorizedKey.flatMap { try UserChange.publicKeys(in: URL(filePath: $0)) }
        }
        let outcome = try change.apply(to: name, in: file, passphrase: passphrase.given(), warn: Terminal.say)
        try Output(Interruption(), json: json.json).only(
            Line(user: name, changed: outcome.isChanged, confirmed: outcome.isConfirmed),
            or: outcome.isChanged ? "Changed \(name) in \(file.path)" : "There is nothing to change for \(name)")
        if outcome.isChanged, !outcome.isConfirmed {
            Terminal.say(
                "the passphrase of \(name) has not confirmed this, and each login warns of it: run 'cryptsftp user "
                    + "confirm \(name)'")
        }
    }
}

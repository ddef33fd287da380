internal import Administration
internal import ArgumentParser
private import Foundation
internal import ServerConfiguration

/// The command `cryptsftp user set NAME`.
struct UserSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change a user's settings in server.conf. The rest of the file stays as it is.",
        discussion: "A running server uses the change from the next connection on.")

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption

    @Option(help: "rw: the passphrase opens the files. wo: in addition, anybody may upload files.")
    var access: Account.Access?

    @Option(
        help: ArgumentHelp(
            "The user's directory in the data directory. Files are not moved there.", valueName: "dir"))
    var home: String?

    @OptionGroup var limits: UploadLimitOptions

    @Option(
        help: ArgumentHelp(
            "Let only the public keys in this file log in to the wo view. May be given several times.",
            valueName: "file"), completion: .file())
    var authorizedKey: [String] = []

    @Flag(help: "Let no public key log in.")
    var noAuthorizedKeys = false

    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user_set"
        let user: String
        let changed: Bool
    }

    func validate() throws {
        guard access != nil || home != nil || limits.isGiven || !authorizedKey.isEmpty || noAuthorizedKeys else {
            throw ValidationError(
                "name a setting to change: --access, --home, --max-megabytes, --max-files, --max-depth, --on-exists, "
                    + "--authorized-key or --no-authorized-keys")
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
        if noAuthorizedKeys {
            change.authorizedKeys = []
        } else if !authorizedKey.isEmpty {
            change.authorizedKeys = try authorizedKey.flatMap { try UserChange.publicKeys(in: URL(filePath: $0)) }
        }
        let isChanged = try change.apply(to: name, in: file)
        try Output(Interruption(), json: json.json).only(
            Line(user: name, changed: isChanged),
            or: isChanged ? "Changed \(name) in \(file.path)" : "There is nothing to change for \(name)")
    }
}

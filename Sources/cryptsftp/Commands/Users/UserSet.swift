internal import Administration
internal import ArgumentParser
private import Foundation
internal import ServerConfiguration

/// The command `cryptsftp user set NAME`.
struct UserSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change a user's lines in server.conf, and nothing else in it.",
        discussion: "A running server takes the change with the next connection.")

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption

    @Option(help: "rw: the passphrase opens the files. wo: and anybody may put files in.")
    var access: Account.Access?

    @Option(
        help: ArgumentHelp(
            "The user's directory below the data directory; files are not moved there.", valueName: "dir"))
    var home: String?

    @Option(help: "What a wo login sees listed: all, or own for only what it has uploaded itself.")
    var woList: Listing?

    @Option(
        help: ArgumentHelp(
            "Let the public keys in this file, and no others, log in to the wo view; may be given several times.",
            valueName: "file"), completion: .file())
    var authorizedKey: [String] = []

    @Flag(help: "Let no public key log in.")
    var noAuthorizedKeys = false

    @OptionGroup var json: JSONOption

    enum Listing: String, CaseIterable, ExpressibleByArgument {
        case all, own
    }

    private struct Line: Encodable {
        let event = "user_set"
        let user: String
        let changed: Bool
    }

    func validate() throws {
        guard access != nil || home != nil || woList != nil || !authorizedKey.isEmpty || noAuthorizedKeys else {
            throw ValidationError("say what is to be changed: --access, --home, --wo-list, --authorized-key, …")
        }
        guard authorizedKey.isEmpty || !noAuthorizedKeys else {
            throw ValidationError("--authorized-key and --no-authorized-keys exclude each other")
        }
    }

    func run() throws {
        let file = try config.existing()
        var change = UserChange()
        change.access = access
        change.home = home
        change.woListsAll = woList.map { $0 == .all }
        if noAuthorizedKeys {
            change.authorizedKeys = []
        } else if !authorizedKey.isEmpty {
            change.authorizedKeys = try authorizedKey.flatMap { try UserChange.publicKeys(in: URL(filePath: $0)) }
        }
        let isChanged = try change.apply(to: name, in: file)
        try Output.only(
            Line(user: name, changed: isChanged),
            or: isChanged ? "Changed \(name) in \(file.path)" : "There is nothing to change for \(name)",
            json: json.json)
    }
}

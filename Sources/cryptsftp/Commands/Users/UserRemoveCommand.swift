internal import Administration
internal import ArgumentParser
private import Foundation

/// The command `cryptsftp user remove NAME`.
struct UserRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a user from server.conf. The files and the key are kept.",
        discussion: "'user add' with the same name, home and passphrase restores the user.")

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user_remove"
        let user: String
        let filesKept: String
        let keyKept: String
    }

    func run() throws {
        let file = try config.existing()
        let kept = try UserRemoval.remove(name, from: file)
        try Output(Interruption(), json: json.json).only(
            Line(user: name, filesKept: kept.files.path, keyKept: kept.keys.path),
            or: "Removed \(name) from \(file.path)",
            then: ["  files kept:  \(kept.files.path)", "  key kept:    \(kept.keys.path)"])
    }
}

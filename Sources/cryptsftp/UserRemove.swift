internal import ArgumentParser
private import Foundation
private import Server

/// The command `cryptsftp user remove NAME`.
struct UserRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a user's lines out of server.conf. The files and the key are kept.",
        discussion: "'user add' with the same name, home and passphrase brings the user back.")

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption

    func run() throws {
        let file = try config.existing()
        let kept = try UserRemoval.remove(name, from: file)
        print("Removed \(name) from \(file.path)")
        print("  files kept:  \(kept.files.path)")
        print("  key kept:    \(kept.keys.path)")
    }
}

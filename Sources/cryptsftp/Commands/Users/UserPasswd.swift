internal import Administration
internal import ArgumentParser
private import Foundation
private import Secrets

/// The command `cryptsftp user passwd NAME`.
struct UserPasswd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Change a user's passphrase: of the key, and for logging in. The files are not touched.")

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption

    @Option(
        help: ArgumentHelp(
            "Take the new passphrase from the first line of this file, - for standard input (the second line, if the "
                + "first is the present one).", valueName: "file"), completion: .file())
    var newPassphraseFile: String?

    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user_passwd"
        let user: String
        /// Older keys that another passphrase opens.
        let keysLeft: [String]
    }

    func run() throws {
        let file = try config.existing()
        let change = PassphraseChange(of: name, in: file)
        try change.check()
        let old = try passphrase.passphrase(for: name)
        let new = try newPassphraseFile.map { try Terminal.passphrase(from: $0) } ?? Terminal.newPassphrase(for: name)
        try Terminal.checkStrength(of: new)
        let interruption = Interruption()
        let others = try change.apply(from: old, to: new) { interruption.isDue }
        for fingerprint in others {
            Terminal.say("the key \(fingerprint) has another passphrase, and keeps it: \(name)'s logins cannot open it")
        }
        try Output.only(
            Line(user: name, keysLeft: others), or: "Changed the passphrase of \(name); sessions that are open go on",
            json: json.json)
    }
}

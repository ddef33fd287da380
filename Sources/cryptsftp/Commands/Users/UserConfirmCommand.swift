internal import Administration
internal import ArgumentParser
private import Foundation

/// The command `cryptsftp user confirm NAME`.
struct UserConfirmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Confirm a user's key and settings with the passphrase, after a change by hand.",
        discussion: """
            It shows what the passphrase has not confirmed, and asks for the passphrase. Look at it first: a key that is \
            not yours would let somebody else read what is stored from now on.
            """)

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user_confirm"
        let user: String
        /// What was not confirmed before.
        let news: [String]
    }

    func run() throws {
        let confirmation = try UserConfirmation(of: name, in: config.existing())
        for line in confirmation.news { Terminal.say(line) }
        let secret = try passphrase.passphrase(for: name)
        let interruption = Interruption()
        try confirmation.apply(passphrase: secret) { interruption.isDue }
        try Output(interruption, json: json.json).only(
            Line(user: name, news: confirmation.news),
            or: confirmation.news.isEmpty ? "\(name) was confirmed already" : "Confirmed \(name)")
    }
}

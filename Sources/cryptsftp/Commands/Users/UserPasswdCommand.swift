internal import Administration
internal import ArgumentParser
private import Foundation
private import Secrets

/// The command `cryptsftp user passwd NAME`.
struct UserPasswdCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Change a user's passphrase, of the key and for logging in. The files do not change.")

    @Argument(help: "The user.")
    var name: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption

    @Option(
        help: ArgumentHelp(
            "Read the new passphrase from the first line of this file, - for standard input. (If both passphrases come "
                + "from standard input: from its second line.)", valueName: "file"), completion: .file())
    var newPassphraseFile: String?

    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user_passwd"
        let user: String
        /// Fingerprints of older keys that have another passphrase.
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
        let others = try change.apply(
            from: old, to: new, isInterrupted: { interruption.isDue }, warn: Terminal.say)
        for fingerprint in others {
            Terminal.say("the key \(fingerprint) keeps another passphrase: \(name)'s logins cannot open it")
        }
        try Output(interruption, json: json.json).only(
            Line(user: name, keysLeft: others), or: "Changed the passphrase of \(name); open sessions continue")
    }
}

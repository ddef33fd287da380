internal import Administration
internal import ArgumentParser
private import Foundation
internal import GnuPG
private import OpenPGP

/// The command `cryptsftp key import NAME FILE`.
struct KeyImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Let a user's new files be encrypted to an OpenPGP key of their own.",
        discussion: """
            FILE is what 'gpg --export-secret-keys' gives, or 'gpg --export' for a key whose secret part is on a card or \
            elsewhere: then files can be put in, and read with that key, but not by this program. The secret part gets the \
            user's passphrase. Older keys stay, so that what is stored can be read; 'rotate --keep-key NAME' encrypts it \
            anew.
            """)

    @Argument(help: "The user.")
    var name: String

    @Argument(help: "A file with one key, binary or armoured.", completion: .file())
    var file: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption

    @Option(
        help: ArgumentHelp(
            "Take the passphrase of the key in FILE from the first line of this file; without it, it is asked for.",
            valueName: "file"), completion: .file())
    var keyPassphraseFile: String?

    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "import"
        let user: String
        let key: String
        let secretHere: Bool
    }

    func run() throws {
        let configuration = try config.existing()
        // The key may come without a passphrase: from here on nothing ends this process before it has removed its copy.
        let interruption = Interruption()
        let taken = try KeyImport(URL(filePath: file), for: name, in: configuration)
        let own = try taken.hasSecret ? passphrase.passphrase(for: name) : nil
        let keyPassphrase =
            try taken.hasSecret
            ? keyPassphraseFile.map { try Terminal.passphrase(from: $0) }
                ?? Terminal.passphrase(for: "the key in \(file)") : nil
        try taken.apply(passphrase: own, keyPassphrase: keyPassphrase) { interruption.isDue }
        try Output.only(
            Line(user: name, key: taken.key.fingerprint, secretHere: taken.hasSecret),
            or: "New files of \(name) are encrypted to \(taken.key.fingerprint)", json: json.json)
        if !taken.hasSecret {
            Terminal.say(
                "the secret part is not in \(file): \(name) can log in to the wo view only, by a public SSH key or, with "
                    + "'user set \(name) --access wo', by any password; what is stored from now on is read with gpg, "
                    + "where the secret part is")
        }
    }
}

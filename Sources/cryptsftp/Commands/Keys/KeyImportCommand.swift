internal import Administration
internal import ArgumentParser
private import Foundation
internal import GnuPG
private import OpenPGP

/// The command `cryptsftp key import NAME FILE`.
struct KeyImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Encrypt a user's new files to an OpenPGP key from a file.",
        discussion: """
            FILE is the output of 'gpg --export-secret-keys', or of 'gpg --export' for a key whose secret part is on a \
            card or another machine. In the second case files can be uploaded, but only gpg with the secret part can read \
            them, not this program. The secret part gets the user's passphrase. Older keys are kept, so that stored files \
            can be read; 'rotate --keep-key NAME' encrypts them to the new key.
            """)

    @Argument(help: "The user.")
    var name: String

    @Argument(help: "A file with one key, binary or armoured.", completion: .file())
    var file: String

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption

    @Option(
        help: ArgumentHelp(
            "Read the passphrase of the key in FILE from the first line of this file, instead of asking for it.",
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
        // The key in the file may have no passphrase: from here on no signal ends this process before it has removed
        // its copy of the key.
        let interruption = Interruption()
        let taken = try KeyImport(URL(filePath: file), for: name, in: configuration)
        let own = try taken.hasSecret ? passphrase.passphrase(for: name) : nil
        let keyPassphrase =
            try taken.hasSecret
            ? keyPassphraseFile.map { try Terminal.passphrase(from: $0) }
                ?? Terminal.passphrase(for: "the key in \(file)") : nil
        try taken.apply(
            passphrase: own, keyPassphrase: keyPassphrase, isInterrupted: { interruption.isDue }, warn: Terminal.say)
        try Output(interruption, json: json.json).only(
            Line(user: name, key: taken.key.fingerprint, secretHere: taken.hasSecret),
            or: "New files of \(name) are encrypted to \(taken.key.fingerprint)")
        if !taken.hasSecret {
            Terminal.say(
                "the secret part is not in \(file): \(name) can log in only to the wo view, by a public SSH key or, after "
                    + "'user set \(name) --access wo', by any password; files that are stored from now on can only be "
                    + "read with gpg, on the machine that has the secret part")
        }
    }
}

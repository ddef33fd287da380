internal import Administration
internal import ArgumentParser
private import Foundation

/// The command `cryptsftp key export NAME [DIR]`.
struct KeyExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a user's key, and a sheet to print that tells how to read the files with GnuPG alone.",
        discussion: """
            DIR gets the armoured secret key, which its passphrase protects, the public key, the revocation certificate, \
            and NAME-recovery.txt and .html: the key as text, as a QR code if the program qrencode is installed, and the \
            commands.
            """)

    @Argument(help: "The user.")
    var name: String

    @Argument(help: "A directory; it is made if it does not exist.", completion: .directory)
    var directory = "."

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "export"
        let user: String
        let files: [String]
        let qrCode: Bool
    }

    func run() throws {
        let export = try KeyExport(of: name, in: config.existing())
        let secret = try passphrase.passphrase(for: name)
        let interruption = Interruption()
        let made = try export.files(passphrase: secret, warn: Terminal.say)
        try interruption.check()
        let target = URL(filePath: directory, directoryHint: .isDirectory)
        try KeyExport.write(made.files, to: target)
        let paths = made.files.map { target.appending(path: $0.name).path }
        if !made.hasCode {
            Terminal.say(
                "\(made.names.page) has no QR code: the program qrencode is not installed (on Debian: apt-get install "
                    + "qrencode), or the key is too long for one")
        }
        try Output(interruption, json: json.json).only(
            Line(user: name, files: paths, qrCode: made.hasCode), or: paths.first ?? "",
            then: Array(paths.dropFirst()))
    }
}

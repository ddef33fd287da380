internal import Administration
internal import ArgumentParser
private import Foundation

/// The command `cryptsftp key export NAME [DIR]`.
struct KeyExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a user's key and a sheet to print, with which GnuPG alone reads the files.",
        discussion: """
            Into DIR come the armoured secret key, which its passphrase protects, the public key, the revocation \
            certificate, and NAME-recovery.txt and .html: the key as text, as a QR code if the program qrencode is there, and \
            the commands.
            """)

    @Argument(help: "The user.")
    var name: String

    @Argument(help: "A directory; it is made if it is not there.", completion: .directory)
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
        let made = try export.files(passphrase: secret, code: QRCode.svg)
        try interruption.check()
        let target = URL(filePath: directory, directoryHint: .isDirectory)
        try KeyExport.write(made.files, to: target)
        let paths = made.files.map { target.appending(path: $0.name).path }
        if !made.hasCode {
            Terminal.say(
                "\(made.names.page) has no QR code: the program qrencode is not there (on Debian: apt-get install "
                    + "qrencode), or the key is too long for one")
        }
        let output = Output(interruption, json: json.json)
        try output.line(
            json: Line(user: name, files: paths, qrCode: made.hasCode), or: paths.joined(separator: "\n"))
        try output.flush()
    }
}

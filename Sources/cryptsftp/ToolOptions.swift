internal import ArgumentParser
internal import Foundation
internal import Secrets
internal import Server

/// How a tool gets the passphrase.
struct PassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the passphrase from the first line of this file, - for standard input, instead of asking; also "
                + "CRYPTSFTP_PASSPHRASE_FILE.", valueName: "file"), completion: .file())
    var passphraseFile: String?

    func passphrase(for user: String) throws -> SecretBytes {
        let source = passphraseFile ?? ProcessInfo.processInfo.environment["CRYPTSFTP_PASSPHRASE_FILE"]
        return try source.map { try Terminal.passphrase(from: $0) } ?? Terminal.passphrase(for: user)
    }
}

internal import ArgumentParser
private import Foundation
internal import Secrets

/// The option that tells where a command reads a user's passphrase.
struct PassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the passphrase from the first line of this file, - for standard input, instead of asking for it. "
                + "(default: CRYPTSFTP_PASSPHRASE_FILE)", valueName: "file"), completion: .file())
    var passphraseFile: String?

    /// Reads or asks for a user's present passphrase.
    func passphrase(for user: String) throws -> SecretBytes { try given() ?? Terminal.passphrase(for: user) }

    /// Reads or asks for a new passphrase.
    ///
    /// - Throws: ``Problem`` when it is too short.
    func newPassphrase(for user: String) throws -> SecretBytes {
        let passphrase = try given() ?? Terminal.newPassphrase(for: user)
        try Terminal.checkStrength(of: passphrase)
        return passphrase
    }

    /// Reads the passphrase if the option or the environment says where it is.
    func given() throws -> SecretBytes? {
        let source = passphraseFile ?? ProcessInfo.processInfo.environment["CRYPTSFTP_PASSPHRASE_FILE"]
        return try source.map { try Terminal.passphrase(from: $0) }
    }
}

internal import Administration
internal import ArgumentParser
internal import Foundation
internal import Secrets
internal import ServerConfiguration

/// Whose files a tool works on.
struct UserOption: ParsableArguments {
    @Option(help: "Whose files. Without it the only user's, or the one's whose home the path is in.")
    var user: String?
}

/// How a command gets a user's passphrase.
struct PassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the passphrase from the first line of this file, - for standard input, instead of asking; also "
                + "CRYPTSFTP_PASSPHRASE_FILE.", valueName: "file"), completion: .file())
    var passphraseFile: String?

    /// The one that there is.
    func passphrase(for user: String) throws -> SecretBytes { try given() ?? Terminal.passphrase(for: user) }

    /// One that is to be.
    func newPassphrase(for user: String) throws -> SecretBytes {
        let passphrase = try given() ?? Terminal.newPassphrase(for: user)
        try Terminal.checkStrength(of: passphrase)
        return passphrase
    }

    private func given() throws -> SecretBytes? {
        let source = passphraseFile ?? ProcessInfo.processInfo.environment["CRYPTSFTP_PASSPHRASE_FILE"]
        return try source.map { try Terminal.passphrase(from: $0) }
    }
}

/// Whether what is printed is for people or for programs.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print lines of JSON, an object each.")
    var json = false
}

extension ConfigurationOption {
    /// The server.conf that is meant, which has to be there.
    func existing() throws -> URL {
        let file = ConfigurationFile.locate(path, vault: Vault.path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Problem(.noConfiguration, "there is no \(file.path): make it with 'cryptsftp -a NAME'")
        }
        return file
    }

    /// The vault that is meant.
    func openVault() throws -> OwnerVault { try OwnerVault(existing()) }
}

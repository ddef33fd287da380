internal import Administration
internal import ArgumentParser
private import SFTP
internal import ServerConfiguration
private import Vault

/// The command `cryptsftp cat`.
struct CatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Decrypt a stored file to standard output.",
        discussion: """
            The last bytes are printed only after the whole file has been verified. If the exit code is not 0, the
            output is not the file.
            """)

    @Argument(help: "The file, as a client names it, or its path in the data directory.")
    var path: String

    @OptionGroup var user: UserOption
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var config: ConfigurationOption

    func run() throws {
        let vault = try config.openVault()
        guard let selection = try vault.find(path, user: user.user), let entry = selection.entries.first else {
            throw UserError.noPath(path)
        }
        guard entry.kind == .file || entry.kind == .partial else {
            throw Problem(.failure, "\(path) is not a stored file")
        }
        guard entry.kind == .file else {
            throw Problem(
                .storedWrong, "\(path) is an incomplete upload that was cut off: resume it, or upload the file again")
        }
        let secret = try passphrase.passphrase(for: selection.account.name)
        let interruption = Interruption()
        let session = try OwnerSession(
            vault, selection.account, home: selection.home, passphrase: secret, warn: Terminal.say)
        let output = Output(interruption)
        do {
            try session.files.read(entry) { try output.write($0) }
        } catch let error as FileSystemError {
            throw Problem(.storedWrong, "\(path): \(error.message)")
        }
    }
}

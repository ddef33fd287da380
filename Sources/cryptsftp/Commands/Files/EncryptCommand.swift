internal import Administration
internal import ArgumentParser
internal import Foundation
private import SFTP
internal import ServerConfiguration
internal import Vault

/// The command `cryptsftp encrypt`.
struct EncryptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encrypt", abstract: "Store existing files, or whole trees of them, as an upload would.",
        discussion: """
            Only the public key is needed. Files that are stored already with the same size and time are not stored
            again, so a second run continues where an interrupted one ended.

            With --remove-source each stored file is decrypted and compared with its source, which needs the passphrase.
            Only then is the source overwritten and removed. \(EncryptCommand.caveat)
            """)

    /// What overwriting cannot achieve.
    private static let caveat = """
        Copies of the old bytes can remain on flash (sticks, cards, SSDs), on file systems that keep old versions, \
        journals or snapshots, and in backups: only a medium that is encrypted as a whole prevents that.
        """

    @Argument(help: "Files and directories.", completion: .file())
    var sources: [String]

    @Option(name: .customLong("to"), help: "The user whose key and home are used. (default: the only user)")
    var user: String?

    @Option(help: ArgumentHelp("The directory in the home.", valueName: "path"))
    var into = "/"

    @Flag(help: "Replace stored files that differ.")
    var force = false

    @Flag(help: "Overwrite and remove each source after the stored file has been decrypted and compared with it.")
    var removeSource = false

    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption
    @OptionGroup var config: ConfigurationOption

    func run() throws {
        let vault = try config.openVault()
        let account = try vault.account(user)
        let target = try VirtualPath(parsing: into.utf8)
        let places = try sources.map { try find($0, vault) }
        let secret = try removeSource ? passphrase.passphrase(for: account.name) : nil
        let interruption = Interruption()
        let report = try TreeReport(
            "stored", user: account.name, json: json.json, interruption,
            work: places.compactMap { try? TreeEntry(root: $0.directory).entry(stored: $0.name) })
        defer { report.close() }
        let session = try OwnerSession(
            vault, account, home: vault.home(of: account), passphrase: secret, stores: true,
            warn: Terminal.say)
        try interruption.check()
        let intake = TreeEncryption(
            into: target, of: session.files, existing: force ? .replace : .keep,
            sources: removeSource ? .remove : .keep, report)
        for place in places { try intake.take(place.name, in: place.directory) }
        try report.finish()
        if intake.erased > 0 { Terminal.say("\(intake.erased) sources were overwritten and removed. \(Self.caveat)") }
        try report.throwIfAnyFailed(treatingSkippedAsFailure: true)
    }

    private func find(_ source: String, _ vault: OwnerVault) throws -> (directory: Directory, name: [UInt8]) {
        let place = URL(filePath: source).resolvingSymlinksInPath()
        var status = stat()
        guard lstat(place.path, &status) == 0, place.path != "/" else { throw UserError.noPath(source) }
        if status.st_mode & S_IFMT == S_IFDIR, vault.inside(place.path) != nil {
            throw Problem(.usage, "\(source) is in the data directory: the files there are stored already")
        }
        return (try Directory(path: place.deletingLastPathComponent().path), Array(place.lastPathComponent.utf8))
    }
}

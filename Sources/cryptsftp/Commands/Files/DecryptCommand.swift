internal import Administration
internal import ArgumentParser
internal import Foundation
private import SFTP
internal import ServerConfiguration
private import Vault

/// The command `cryptsftp decrypt`.
struct DecryptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decrypt", abstract: "Restore stored files, or whole trees of them, into a directory.",
        discussion: """
            Names, times and permissions are those of the files before they were stored. Each file is verified before it
            gets its name. Files that exist with the same size and time are not restored again, so a second run continues
            where an interrupted one ended. The directory then holds plaintext.
            """)

    @Argument(
        help:
            "Files and directories, as a client names them (/ is all), in the data directory, or elsewhere; the last one is the target."
    )
    var paths: [String]

    @Flag(help: "Replace existing files that differ.")
    var force = false

    @OptionGroup var user: UserOption
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption
    @OptionGroup var config: ConfigurationOption

    func validate() throws {
        if paths.count < 2 {
            throw ValidationError("decrypt needs the files to restore, and the directory to restore them to")
        }
    }

    func run() throws {
        let vault = try config.openVault()
        let sources = try paths.dropLast().map { try find($0, in: vault) }
        guard let first = sources.first else { return }
        guard sources.allSatisfy({ $0.account.name == first.account.name }) else {
            throw UserError.severalUsers
        }
        let target = try makeTarget(paths[paths.count - 1], vault)
        let secret = try passphrase.passphrase(for: first.account.name)
        let interruption = Interruption()
        let entries = sources.map(\.entry)
        let report = try TreeReport("restored", user: first.account.name, json: json.json, interruption, work: entries)
        defer { report.close() }
        let home = (try? vault.home(of: first.account)) ?? vault.data
        let session = try OwnerSession(vault, first.account, home: home, passphrase: secret, warn: Terminal.say)
        try interruption.check()
        do {
            let restore = TreeDecryption(into: target, existing: force ? .replace : .keep, from: session.files, report)
            for entry in entries { try restore.restore(entry) }
        }
        try report.finish()
        try report.throwIfAnyFailed(treatingSkippedAsFailure: true)
    }

    /// Finds a file or directory in the vault, or else anywhere in the file system.
    private func find(_ path: String, in vault: OwnerVault) throws -> (account: Account, entry: TreeEntry) {
        if let selection = try vault.find(path, user: user.user), let entry = selection.entries.first {
            return (selection.account, entry)
        }
        let place = URL(filePath: path).resolvingSymlinksInPath()
        guard access(place.path, F_OK) == 0, place.path != "/" else { throw UserError.noPath(path) }
        let directory = try Directory(path: place.deletingLastPathComponent().path)
        guard let entry = try TreeEntry(root: directory).entry(stored: Array(place.lastPathComponent.utf8)) else {
            throw UserError.noPath(path)
        }
        return (try vault.account(user.user), entry)
    }

    private func makeTarget(_ path: String, _ vault: OwnerVault) throws -> Directory {
        let place = URL(filePath: path)
        guard vault.inside(place.path) == nil, vault.inside(place.deletingLastPathComponent().path) == nil else {
            throw Problem(
                .usage, "\(path) is in the data directory, which must not hold plaintext: name another directory")
        }
        if mkdir(place.path, 0o700) != 0 && errno != EEXIST {
            throw Problem(.failure, "\(path): \(String(cString: strerror(errno)))")
        }
        do throws(FileSystemError) {
            return try Directory(path: place.path)
        } catch {
            throw Problem(.failure, "\(path): \(error.message)")
        }
    }
}

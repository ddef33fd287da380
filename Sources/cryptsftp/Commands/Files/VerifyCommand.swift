internal import Administration
internal import ArgumentParser
private import Foundation
private import SFTP
internal import ServerConfiguration
private import Vault

/// The command `cryptsftp verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check stored files.",
        discussion: """
            Without a passphrase, it checks that each file is one complete encrypted message, and encrypted to a key of
            its user. With --unlock or --passphrase-file, it also decrypts each file and checks the modification
            detection code (MDC). Nothing of the contents is printed or kept.
            """)

    @Argument(
        help: "Files and directories, as a client names them, or their paths in the data directory. (default: all)")
    var paths: [String] = []

    @Flag(help: "Decrypt the files as well; asks for the passphrase.")
    var unlock = false

    @OptionGroup var user: UserOption
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption
    @OptionGroup var config: ConfigurationOption

    func run() throws {
        let vault = try config.openVault()
        let selections = try vault.select(paths, user: user.user)
        let unlocks = unlock || passphrase.passphraseFile != nil
        let users = Set(selections.map(\.account.name))
        if unlocks, users.count > 1 { throw UserError.severalUsers }
        let secret = try unlocks ? users.first.map { try passphrase.passphrase(for: $0) } : nil
        let interruption = Interruption()
        let report = try TreeReport(
            "sound", user: "", json: json.json, interruption, work: selections.flatMap(\.entries))
        defer { report.close() }
        for selection in selections {
            report.user = selection.account.name
            let keyIDs = try vault.recipientIDs(of: selection.account)
            let session = try secret.map {
                try OwnerSession(vault, selection.account, home: selection.home, passphrase: $0, warn: Terminal.say)
            }
            if secret == nil { try vault.compare(selection.account, warn: Terminal.say) }
            try interruption.check()
            let inspection = TreeVerification(keyIDs: keyIDs, unlockedBy: session?.files, report)
            for entry in selection.entries { try entry.walk(inspection) }
            withExtendedLifetime(session) {}
        }
        try report.finish(unlocks ? "; contents verified" : "; contents were not decrypted (--unlock decrypts them)")
        try report.throwIfAnyFailed(treatingSkippedAsFailure: false)
    }
}

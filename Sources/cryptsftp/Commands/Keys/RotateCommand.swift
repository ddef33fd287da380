internal import Administration
internal import ArgumentParser
private import Foundation
private import Vault

/// The command `cryptsftp rotate NAME`.
struct RotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new subkey or key for a user, and re-encrypt all stored files to it.",
        discussion: """
            Every file is decrypted and compared before the old version is replaced; times and permissions are kept. The \
            command may be interrupted at any moment; the same command then continues. A server may be running, but the \
            user must not be logged in when the command begins. The old key is kept beside the new one.
            """)

    @Argument(help: "The user.")
    var name: String

    @Flag(help: "Make a new key, with another fingerprint, instead of a new subkey.")
    var newKey = false

    @Flag(help: "Make no key: re-encrypt the files that are still encrypted to an older one.")
    var keepKey = false

    @Flag(name: [.customShort("n"), .long], help: "Only count the files that would be re-encrypted.")
    var dryRun = false

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "file"
        let user: String
        let path: String
        let result: String
        let reason: String
    }

    private struct Summary: Encodable {
        let event = "summary"
        let dryRun: Bool
        let key: String?
        let subkey: String?
        let files: Int
        let bytes: UInt64
        let alreadyDone: Int
        let otherKeys: Int
        let busy: Int
        let damaged: Int

        /// Keys of the output do not change.
        private enum CodingKeys: String, CodingKey {
            case event, dryRun, key, subkey, files, alreadyDone, otherKeys, busy, damaged
            case bytes = "octets"
        }
    }

    func validate() throws {
        guard !newKey || !keepKey else { throw ValidationError("--new-key and --keep-key cannot be used together") }
    }

    func run() throws {
        let rotation = try KeyRotation(of: name, in: config.existing())
        let kind: KeyRotation.Kind = newKey ? .newKey : keepKey ? .keptKey : .newSubkey
        let continues = rotation.isUnderWay
        if dryRun {
            let interruption = Interruption()
            let tally = try rotation.survey(kind) { interruption.isDue }
            return try report(tally, nil, interruption)
        }
        let secret = try passphrase.passphrase(for: name)
        let interruption = Interruption()
        if continues { Terminal.say("continuing the rotation that was interrupted") }
        let target = try rotation.begin(
            kind, passphrase: secret, isInterrupted: { interruption.isDue }, warn: Terminal.say)
        let before = try rotation.survey(.keptKey) { interruption.isDue }
        let line = ProgressLine(files: before.files, bytes: before.bytes)
        defer { line.clear() }
        let tally = try rotation.reencrypt(passphrase: secret, isInterrupted: { interruption.isDue }) { bytes in
            line.advance(files: 1, bytes: bytes)
        }
        line.clear()
        try report(tally, target, interruption)
    }

    private func report(
        _ tally: TreeReencryption.Tally, _ target: (key: String, subkey: String)?, _ interruption: Interruption
    ) throws {
        let output = Output(interruption, json: json.json)
        let busy = tally.busy.map { (path: $0, reason: "the file is being changed: run the same command again") }
        for (result, files) in [("damaged", tally.damaged), ("busy", busy)] {
            for (path, reason) in files {
                try output.line(
                    json: Line(user: name, path: path, result: result, reason: reason),
                    or: "\(result): \(path): \(reason)")
            }
        }
        let done = dryRun ? "would be re-encrypted" : "re-encrypted"
        let now = target.map { "New files of \(name) are encrypted to the subkey \($0.subkey) of \($0.key)" }
        try output.line(
            json: Summary(
                dryRun: dryRun, key: target?.key, subkey: target?.subkey, files: tally.files, bytes: tally.bytes,
                alreadyDone: tally.done, otherKeys: tally.others, busy: tally.busy.count,
                damaged: tally.damaged.count),
            or: "\(tally.files) files \(done), \(ProgressLine.amount(tally.bytes))",
            then: [now].compactMap(\.self))
        try output.flush()
        if !tally.busy.isEmpty { throw Problem(.inUse, "not all files could be re-encrypted") }
        if !tally.damaged.isEmpty { throw Problem(.storedWrong, "\(tally.damaged.count) files cannot be read") }
    }
}

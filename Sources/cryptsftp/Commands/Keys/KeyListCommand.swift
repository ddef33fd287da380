internal import Administration
internal import ArgumentParser
private import Foundation
internal import GnuPG
private import OpenPGP
private import SFTP
internal import ServerConfiguration

/// The command `cryptsftp key list`.
struct KeyListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract:
            "List the keys, one per line: user, fingerprint, algorithms, creation, expiry, place of the secret part.")

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var json: JSONOption

    @Option(help: "List only this user's keys.")
    var user: String?

    private struct Line: Encodable {
        struct Subkey: Encodable {
            let fingerprint: String
            let algorithm: String
            let created: Date
            let expires: Date?
            let encrypts: Bool
            let inUse: Bool
        }

        let event = "key"
        let user: String
        let fingerprint: String
        let userIds: [String]
        let algorithm: String
        let created: Date
        let expires: Date?
        let inUse: Bool
        let secretHere: Bool
        let problem: String?
        let subkeys: [Subkey]
    }

    func run() throws {
        let entries = try KeyInventory(Configuration(file: config.existing()), user: user).entries
        let output = Output(Interruption(), json: json.json)
        for entry in entries { try output.line(json: line(entry), or: text(entry)) }
        try output.flush()
    }

    private func text(_ entry: KeyInventory.Entry) -> String {
        let key = entry.key
        let encryption = key.encryption
        let expiry = [key.primary.expires, encryption?.expires].compactMap { $0 }.min()
        // A directory's name could have tabs, too.
        return [
            PrintableText.escaped(entry.user), key.fingerprint,
            "\(key.primary.algorithm)/\(encryption?.algorithm ?? "-")",
            Self.day(encryption?.created ?? key.primary.created), expiry.map { Self.day($0) } ?? "never",
            entry.opensFiles ? "secret here" : "secret elsewhere", entry.isInUse ? "in use" : "older",
        ].joined(separator: "\t") + (entry.problem.map { "\t\($0)" } ?? "")
    }

    private func line(_ entry: KeyInventory.Entry) -> Line {
        func date(_ seconds: Int) -> Date { Date(timeIntervalSince1970: Double(seconds)) }
        let key = entry.key
        return Line(
            user: entry.user, fingerprint: key.fingerprint, userIds: key.userIDs, algorithm: key.primary.algorithm,
            created: date(key.primary.created), expires: key.primary.expires.map(date), inUse: entry.isInUse,
            secretHere: entry.opensFiles, problem: entry.problem,
            subkeys: key.subkeys.dropFirst().map {
                .init(
                    fingerprint: $0.fingerprint, algorithm: $0.algorithm, created: date($0.created),
                    expires: $0.expires.map(date), encrypts: $0.canEncrypt,
                    inUse: entry.isInUse && $0.fingerprint == key.encryption?.fingerprint)
            })
    }

    private static func day(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
    }
}

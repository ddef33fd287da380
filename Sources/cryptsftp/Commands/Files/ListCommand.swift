internal import Administration
internal import ArgumentParser
internal import Foundation
private import OpenPGP
internal import SFTP
internal import ServerConfiguration
internal import Vault

/// The command `cryptsftp list`.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List stored files: names, sizes and times.",
        discussion: """
            Nothing is decrypted and no passphrase is needed. Sizes are computed from the stored sizes. For files of other
            programs this may be impossible; then the size is "unknown".
            """)

    @Argument(help: "Files and directories, as a client names them, or their paths in the data directory.")
    var paths: [String] = []

    @OptionGroup var user: UserOption
    @OptionGroup var json: JSONOption
    @OptionGroup var config: ConfigurationOption

    func run() throws {
        let vault = try config.openVault()
        let interruption = Interruption()
        let selections = try vault.select(paths, user: user.user)
        let output = Output(interruption, json: json.json)
        let listing = Listing(output, interruption)
        defer { try? output.flush() }
        for selection in selections {
            listing.user = selection.account.name
            if !json.json, selections.count > 1, paths.isEmpty { try output.line("\(selection.account.name):") }
            for entry in selection.entries { try entry.walk(listing) }
        }
        try output.flush()
        if listing.failures > 0 { throw Problem(.failure, "\(listing.failures) directories cannot be read") }
    }
}

/// Prints a line for each file and directory.
private final class Listing: TreeVisitor {
    private let output: Output
    private let interruption: Interruption
    var user = ""
    private(set) var failures = 0

    private struct Line: Encodable {
        let event = "entry"
        let user: String
        let path: String
        let stored: String
        let kind: String
        let size: UInt64?
        let storedSize: UInt64?
        let modified: Date
    }

    init(_ output: Output, _ interruption: Interruption) {
        self.output = output
        self.interruption = interruption
    }

    func enter(_ entry: TreeEntry) throws -> Bool {
        try interruption.check()
        guard !entry.path.isRoot else { return true }
        let size =
            switch entry.kind {
            case .file, .partial: (try? entry.outline(checkingAll: false))?.plaintextCount
            case .directory, .other, .special: nil as UInt64?
            }
        let modified = Date(timeIntervalSince1970: Double(entry.modified))
        let shown = entry.kind == .directory ? "-" : size.map { String($0) } ?? "unknown"
        let padding = String(repeating: " ", count: max(0, 14 - shown.count))
        try output.line(
            json: Line(
                user: user, path: entry.path.text, stored: entry.storedPath.text,
                kind: entry.kind.rawValue, size: size, storedSize: entry.kind == .directory ? nil : entry.storedSize,
                modified: modified),
            or: "\(padding)\(shown)  \(Self.time(modified))  \(entry.path)\(Self.remark(entry.kind))")
        return entry.kind == .directory
    }

    func failed(_ path: VirtualPath, _ error: FileSystemError) throws {
        failures += 1
        Terminal.say("\(path): \(error.message)")
    }

    private static func remark(_ kind: TreeEntry.Kind) -> String {
        switch kind {
        case .file: ""
        case .directory: "/"
        case .partial: "  (incomplete upload)"
        case .other: "  (not a stored file)"
        case .special: "  (a link or the like)"
        }
    }

    private static func time(_ moment: Date) -> String {
        var seconds = time_t(moment.timeIntervalSince1970)
        var fields = tm()
        localtime_r(&seconds, &fields)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &fields)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

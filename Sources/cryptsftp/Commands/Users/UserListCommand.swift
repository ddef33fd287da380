internal import ArgumentParser
private import Foundation
internal import ServerConfiguration

/// The command `cryptsftp user list`.
struct UserListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the users, one per line: name, access, home and key.")

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var json: JSONOption

    private struct Line: Encodable {
        let event = "user"
        let name: String
        let access: String
        let home: String
        let key: String
        let onExists: String
        let maxMegabytes: Int?
        let maxFiles: Int?
        let maxDepth: Int
        let authorizedKeys: [String]
    }

    func run() throws {
        let accounts = try Configuration(file: config.existing()).accounts
        let output = Output(Interruption(), json: json.json)
        for account in accounts {
            try output.line(
                json: Line(
                    name: account.name, access: account.access.rawValue, home: account.home, key: account.key,
                    onExists: account.onExists.rawValue, maxMegabytes: account.maxMegabytes, maxFiles: account.maxFiles,
                    maxDepth: account.maxDepth, authorizedKeys: account.authorizedKeys),
                or: "\(account.name)\t\(account.access.rawValue)\t\(account.home)\t\(account.key)")
        }
        try output.flush()
    }
}

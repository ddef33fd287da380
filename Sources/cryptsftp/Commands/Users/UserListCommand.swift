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
        let woList: String
        let authorizedKeys: [String]
    }

    func run() throws {
        let accounts = try Configuration(file: config.existing()).accounts
        let output = Output(Interruption(), json: json.json)
        for account in accounts {
            try output.line(
                json: Line(
                    name: account.name, access: account.access.rawValue, home: account.home, key: account.key,
                    woList: account.woListsAll ? "all" : "own", authorizedKeys: account.authorizedKeys),
                or: "\(account.name)\t\(account.access.rawValue)\t\(account.home)\t\(account.key)")
        }
        try output.flush()
    }
}

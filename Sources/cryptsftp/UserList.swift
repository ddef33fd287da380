internal import ArgumentParser
private import Foundation
private import Server

/// The command `cryptsftp user list`.
struct UserList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the users, a line each: name, access, home and key.")

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var output: DocumentOption

    private struct Document: Encodable {
        struct User: Encodable {
            let name: String
            let access: String
            let home: String
            let key: String
            let woList: String
            let authorizedKeys: [String]
        }

        let users: [User]
    }

    func run() throws {
        let accounts = try Configuration(file: config.existing()).accounts
        if output.json {
            return try output.print(
                Document(
                    users: accounts.map {
                        .init(
                            name: $0.name, access: $0.access.rawValue, home: $0.home, key: $0.key,
                            woList: $0.woListsAll ? "all" : "own", authorizedKeys: $0.authorizedKeys)
                    }))
        }
        for account in accounts {
            print("\(account.name)\t\(account.access.rawValue)\t\(account.home)\t\(account.key)")
        }
    }
}

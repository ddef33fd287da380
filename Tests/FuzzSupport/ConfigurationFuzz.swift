private import Foundation
internal import Server
import ServerConfiguration

/// The text of server.conf: it is accepted with valid values, or refused with a reason; and an edit changes one user.
enum ConfigurationFuzz {
    private static let file = URL(filePath: "/vault/Configs/server.conf")

    static func run(_ input: [UInt8]) throws(FuzzFailure) {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let result = Result { try Configuration(text, file: file) }
        switch result {
        case .success(let configuration):
            try check(configuration)
            try edit(configuration)
        case .failure(let error as ConfigurationError):
            try require(error.description.hasPrefix("server.conf:"), "an error that names no file: \(error)")
        case .failure(let error): throw FuzzFailure(description: "an error of another kind: \(error)")
        }
    }

    private static func check(_ configuration: Configuration) throws(FuzzFailure) {
        let names = configuration.accounts.map(\.name)
        try require(names.allSatisfy(Account.isValid(name:)) && Set(names).count == names.count, "user names \(names)")
        for account in configuration.accounts {
            let parts = account.home.split(separator: "/", omittingEmptySubsequences: false)
            try require(
                account.home == "." || !parts.contains { ["", ".", ".."].contains($0) }, "home \(account.home)")
            try require(account.key.utf8.count == 40, "key \(account.key)")
        }
        let limits = configuration.limits
        for limit in [
            limits.loginTries, limits.unauthenticated, limits.sessions, limits.sessionsPerAddress,
            limits.spoolMegabytes, limits.verifyMegabytes,
        ] { try require((1...1_000_000).contains(limit), "a limit of \(limit)") }
        for time in [limits.loginTimeout, limits.idleTimeout, limits.stallTimeout] {
            try require(time >= .seconds(1) && time <= .seconds(1_000_000), "a limit of \(time)")
        }
    }

    /// Changes the first user and removes it, each time with all others as they were.
    private static func edit(_ configuration: Configuration) throws(FuzzFailure) {
        guard var first = configuration.accounts.first else { return }
        let others = Array(configuration.accounts.dropFirst())
        let edited = Result {
            var editor = ConfigurationEditor(configuration.text, user: first.name)
            try editor.set("home", to: .string("h # \u{e4}"))
            try editor.set("on_exists", to: .string("refuse"))
            try editor.remove("authorized_keys")
            let changed = try Configuration(editor.text, file: file)
            try editor.removeUser()
            return (changed, try Configuration(editor.text, file: file))
        }
        guard case .success(let (changed, removed)) = edited else {
            throw FuzzFailure(description: "an edit makes a file that is refused: \(edited)")
        }
        (first.home, first.onExists, first.authorizedKeys) = ("h # \u{e4}", .refuse, [])
        try require(changed.accounts == [first] + others, "an edit changes others: \(changed.accounts)")
        try require(removed.accounts == others, "a removal changes others: \(removed.accounts)")
        for other in [changed, removed] {
            try require(other.limits == configuration.limits && other.data == configuration.data, "another setting")
        }
    }
}

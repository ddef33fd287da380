private import Foundation
internal import Server
import ServerConfiguration

/// The input as server.conf: it is accepted with values in their limits, or refused with a reason.
enum ConfigurationFuzz {
    private static let file = URL(filePath: "/vault/Configs/server.conf")

    static func run(_ input: [UInt8]) throws(FuzzFailure) {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let result = Result { try Configuration(text, file: file) }
        switch result {
        case .success(let configuration): try check(configuration)
        case .failure(let error as ConfigurationError):
            try require(error.description.hasPrefix("server.conf:"), "a complaint about no file: \(error)")
        case .failure(let error): throw FuzzFailure(description: "an error of another kind: \(error)")
        }
    }

    private static func check(_ configuration: Configuration) throws(FuzzFailure) {
        let names = configuration.accounts.map(\.name)
        try require(names.allSatisfy(Account.isValid) && Set(names).count == names.count, "user names \(names)")
        for account in configuration.accounts {
            let parts = account.home.split(separator: "/", omittingEmptySubsequences: false)
            try require(
                account.home == "." || !parts.contains { ["", ".", ".."].contains($0) }, "home \(account.home)")
            try require(account.key.utf8.count == 40, "key \(account.key)")
        }
        let limits = configuration.limits
        for limit in [
            limits.loginSeconds, limits.loginTries, limits.unauthenticated, limits.sessions, limits.sessionsPerAddress,
            limits.idleSeconds, limits.stalledSeconds, limits.spoolMegabytes,
        ] { try require((1...1_000_000).contains(limit), "a limit of \(limit)") }
    }
}

import Foundation
import TestSupport
import Testing

/// The keys that messages are encrypted with, as stock gpg tells them.
enum SessionKeys {
    /// The algorithm's number, a colon and hexadecimal digits.
    static func shown(by home: URL, _ stored: Data) throws -> String {
        let run = try TestKeys.gpg(home, ["--show-session-key", "--decrypt"], input: stored)
        let match = try #require(run.errors.firstMatch(of: /session key: '([0-9]+:[0-9A-F]+)'/), "\(run.errors)")
        return String(match.1)
    }
}

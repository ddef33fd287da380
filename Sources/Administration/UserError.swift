/// Why a command cannot do what the user has asked for.
///
/// The description is a sentence for the terminal; the reason decides the exit code.
package struct UserError: Error, CustomStringConvertible {
    package enum Reason: Sendable {
        /// The request cannot be carried out.
        case request
        /// The request can mean several things.
        case unclear
        /// The data directory is missing or cannot be read.
        case noData
        /// There is no such file, directory or name in the vault.
        case noPath
        /// A session or another command is at work; the same request may succeed later.
        case inUse
        /// The new passphrase is too short.
        case passphrase
        /// A user's key, or the vault, is not the one that was confirmed or trusted.
        case unconfirmedKey
        /// The user has interrupted the command.
        case interrupted
    }

    package let reason: Reason
    package let description: String

    package init(_ reason: Reason = .request, description: String) {
        self.reason = reason
        self.description = description
    }

    package static func noPath(_ path: String) -> UserError {
        UserError(.noPath, description: "there is no '\(path)', neither in the home nor in the data directory")
    }

    package static let interrupted = UserError(.interrupted, description: "interrupted; nothing was changed")

    package static let severalUsers = UserError(
        .unclear, description: "these files belong to several users: name the files of one user at a time")
}

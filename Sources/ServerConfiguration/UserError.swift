/// Why a command cannot do what it was asked for.
///
/// The text is for the terminal.
package struct UserError: Error, CustomStringConvertible {
    package enum Reason: Sendable {
        /// What was asked for makes no sense here.
        case request
        /// It was not said what is meant.
        case unclear
        /// The data directory cannot be had.
        case noData
        /// What was meant is not there.
        case noPath
        /// Somebody else is at work there: it may be asked again later.
        case inUse
        /// It was asked to stop.
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
        .unclear, description: "these are several users' files: one user at a time")
}

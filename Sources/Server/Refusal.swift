/// Why a command cannot do what it was asked for.
///
/// The text is for the terminal.
package struct Refusal: Error, CustomStringConvertible {
    package enum Reason: Sendable {
        /// What was asked for makes no sense here.
        case request
        /// Somebody else is at work there: it may be asked again later.
        case inUse
        /// It was asked to stop.
        case interrupted
    }

    package let reason: Reason
    package let description: String

    init(_ reason: Reason = .request, description: String) {
        self.reason = reason
        self.description = description
    }
}

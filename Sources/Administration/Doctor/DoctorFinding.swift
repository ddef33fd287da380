/// One finding of ``Doctor``: what it found, where, and what to do about it.
package struct DoctorFinding: Sendable {
    package enum Severity: String, Sendable {
        /// The user should act.
        case problem
        /// The user should know.
        case note
    }

    package let severity: Severity
    /// The kind of finding, as a fixed word for scripts.
    package let check: String
    /// The file or directory.
    package let path: String
    package let what: String
    /// What to do next.
    package let advice: String

    init(_ severity: Severity, _ check: String, _ path: String, _ what: String, _ advice: String) {
        self.severity = severity
        self.check = check
        self.path = path
        self.what = what
        self.advice = advice
    }
}

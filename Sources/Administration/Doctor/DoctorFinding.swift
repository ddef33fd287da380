/// Something that ``Doctor`` has to say.
package struct DoctorFinding: Sendable {
    package enum Severity: String, Sendable {
        /// Something to be done about.
        case problem
        /// Something to know.
        case note
    }

    package let severity: Severity
    /// What kind it is: a word that does not change.
    package let check: String
    /// What it is about.
    package let path: String
    package let what: String
    package let advice: String

    init(_ severity: Severity, _ check: String, _ path: String, _ what: String, _ advice: String) {
        self.severity = severity
        self.check = check
        self.path = path
        self.what = what
        self.advice = advice
    }
}

internal import Administration
internal import ArgumentParser
private import Foundation

/// The command `cryptsftp doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look for problems that could lose files or disclose them.",
        discussion: "It changes nothing, and needs no passphrase.")

    @OptionGroup var json: JSONOption
    @OptionGroup var config: ConfigurationOption

    private struct Line: Encodable {
        let event = "finding"
        let severity: String
        let check: String
        let path: String
        let what: String
        let advice: String
    }

    private struct Summary: Encodable {
        let event = "summary"
        let problems: Int
        let notes: Int
    }

    func run() throws {
        let vault = try config.openVault()
        let interruption = Interruption()
        let output = Output(interruption, json: json.json)
        defer { try? output.flush() }
        var problems = 0
        var notes = 0
        let doctor = Doctor(vault, pause: { try interruption.check() }) { finding in
            if finding.severity == .problem { problems += 1 } else { notes += 1 }
            try output.line(
                json: Line(
                    severity: finding.severity.rawValue, check: finding.check, path: finding.path,
                    what: finding.what, advice: finding.advice),
                or: "\(finding.severity.rawValue): \(finding.path): \(finding.what)", then: ["  \(finding.advice)"])
        }
        try doctor.examine()
        try output.line(
            json: Summary(problems: problems, notes: notes), or: "\(problems) problems, \(notes) notes")
        try output.flush()
        if problems > 0 { throw Problem(.storedWrong, "problems found, see above") }
    }
}

internal import SFTP
internal import Vault

/// Prints what a command has done to a tree: a line for each file that is not fine, and a summary.
///
/// As JSON there is a line for every file.
final class TreeReport: TreeObserver {
    /// The command's word for a file that it has done, such as `restored`.
    private let verb: String
    let interruption: Interruption
    private let output: Output
    private let progress: ProgressLine
    /// The user whose files they are.
    var user: String
    private(set) var counts: [String: Int] = [:]
    private var bytes: UInt64 = 0

    private struct Line: Encodable {
        let event = "file"
        let user: String
        let path: String
        let result: String
        let reason: String?
    }

    private struct Summary: Encodable {
        let event = "summary"
        let done: Int
        let unchanged: Int
        let incomplete: Int
        let leftAlone: Int
        let damaged: Int
        let failed: Int
        let bytes: UInt64

        /// Keys of the output do not change.
        private enum CodingKeys: String, CodingKey {
            case event, done, unchanged, incomplete, leftAlone, damaged, failed
            case bytes = "octets"
        }
    }

    /// - Parameter work: everything that will be done, for the progress line.
    init(
        _ verb: String, user: String, json: Bool, _ interruption: Interruption, work: [TreeEntry]
    ) throws {
        self.verb = verb
        self.user = user
        self.interruption = interruption
        output = Output(interruption, json: json)
        let tally = Tally(interruption)
        if ProgressLine.isSeen { for entry in work { try entry.walk(tally) } }
        progress = ProgressLine(files: tally.files, bytes: tally.bytes)
    }

    func advance(_ bytes: Int) throws {
        try interruption.check()
        self.bytes += UInt64(bytes)
        progress.advance(bytes: UInt64(bytes))
    }

    func report(_ path: VirtualPath, _ outcome: TreeOutcome) throws {
        try interruption.check()
        let (result, reason): (String, String?) =
            switch outcome {
            case .done: (verb, nil)
            case .unchanged: ("unchanged", nil)
            case .incomplete: ("incomplete", "an upload that was cut off: the file is not complete")
            case .leftAlone(let reason): ("left-alone", reason)
            case .damaged(let reason): ("damaged", reason)
            case .failed(let reason): ("failed", reason)
            }
        counts[result, default: 0] += 1
        progress.advance(files: 1)
        progress.clear()
        try output.line(
            json: Line(user: user, path: path.text, result: result, reason: reason),
            or: reason.map { "\(result): \(path): \($0)" })
    }

    func count(_ result: String) -> Int { counts[result, default: 0] }

    /// Prints the summary.
    ///
    /// - Parameter remark: follows the counts.
    func finish(_ remark: String = "") throws {
        progress.clear()
        let rest = ["unchanged", "incomplete", "left-alone", "damaged", "failed"].filter { count($0) > 0 }
        let parts = ["\(count(verb)) \(verb)"] + rest.map { "\(count($0)) \($0)" }
        try output.line(
            json: Summary(
                done: count(verb), unchanged: count("unchanged"), incomplete: count("incomplete"),
                leftAlone: count("left-alone"), damaged: count("damaged"), failed: count("failed"), bytes: bytes),
            or: parts.joined(separator: ", ") + remark)
        try output.flush()
    }

    /// Throws a ``Problem`` with the exit code for the worst result that was reported.
    func throwIfAnyFailed(treatingSkippedAsFailure: Bool) throws {
        if count("damaged") > 0 { throw Problem(.storedWrong, "\(count("damaged")) stored files are damaged") }
        if count("failed") > 0 { throw Problem(.failure, "\(count("failed")) files failed") }
        if treatingSkippedAsFailure, count("left-alone") > 0 {
            throw Problem(.leftAlone, "\(count("left-alone")) files were skipped")
        }
    }

    /// Writes the lines that have been printed and removes the progress line, however the command ends.
    func close() {
        progress.clear()
        try? output.flush()
    }
}

/// Counts the files of a tree, and their stored bytes.
private final class Tally: TreeVisitor {
    private let interruption: Interruption
    private(set) var files = 0
    private(set) var bytes: UInt64 = 0

    init(_ interruption: Interruption) { self.interruption = interruption }

    func enter(_ entry: TreeEntry) throws -> Bool {
        try interruption.check()
        if entry.kind == .directory { return true }
        files += 1
        bytes += entry.storedSize
        return false
    }

    func failed(_ path: VirtualPath, _ error: FileSystemError) {}
}

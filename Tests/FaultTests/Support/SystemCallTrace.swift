import Foundation
import TestSupport

/// A record of the system calls of a running session, in the order in which they happened.
final class SystemCallTrace {
    /// One system call that has returned.
    struct Call: CustomStringConvertible {
        let name: String
        /// As strace prints them, with the paths of descriptors in angle brackets.
        let arguments: String
        /// What it returned; negative for an error.
        let result: Int
        /// The lines where it began and where it returned; more than one process is recorded.
        let begin: Int
        let end: Int

        var description: String { "\(name)(\(arguments)) = \(result)" }
    }

    private let record: URL
    private let process: ChildProcess

    private static let names = [
        "write", "writev", "pwrite64", "pwritev", "send", "sendto", "sendmsg", "fsync", "fdatasync", "sync", "syncfs",
        "sync_file_range", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir",
        "mkdirat", "open", "openat", "openat2", "ftruncate", "read", "recvfrom",
    ]

    /// Why this machine cannot record a session, tried once; nil when it can.
    static let obstacle: String? = {
        guard let probe = try? Command.run("strace", ["-V"]), probe.status == 0 else { return "strace is missing" }
        // A session forbids ptrace, so it takes more than being the same user.
        guard getuid() == 0 else { return "only root can trace a session" }
        let traced = try? Command.run("strace", ["-o", "/dev/null", "true"])
        return traced?.status == 0 ? nil : "strace fails: \(traced?.errors ?? "")"
    }()

    /// Starts to record a process and all it starts.
    init(of target: pid_t, in scratch: Scratch) throws {
        record = try scratch.file("trace-\(UUID().uuidString)", Data())
        let errors = try scratch.file("trace-errors", Data())
        let calls = SystemCallTrace.names.map { "?" + $0 }.joined(separator: ",")
        process = try ChildProcess(
            "strace",
            ["-f", "-y", "-s", "0", "-e", "trace=" + calls, "-e", "signal=none", "-o", record.path, "-p", "\(target)"],
            streams: [.null, .writing(errors), .writing(errors)])
        try waitUntil("strace is attached") {
            try String(contentsOf: errors, encoding: .utf8).contains("attached")
        }
    }

    /// Ends the record and returns what is in it.
    func calls() throws -> [Call] {
        process.signal(SIGTERM)
        _ = process.wait(seconds: 60)
        return SystemCallTrace.parse(try String(contentsOf: record, encoding: .utf8))
    }

    /// Reads what `strace -f -o` writes: a line for each call, or two where another process came in between.
    static func parse(_ text: String) -> [Call] {
        var calls: [Call] = []
        var unfinished: [Substring: (line: Int, text: Substring)] = [:]
        for (number, line) in text.split(separator: "\n").enumerated() {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2 else { continue }
            let rest = parts[1].drop { $0 == " " }
            if let cut = rest.range(of: " <unfinished ...>") {
                unfinished[parts[0]] = (number, rest[..<cut.lowerBound])
            } else if rest.hasPrefix("<... "), let resumed = rest.range(of: " resumed>") {
                guard let start = unfinished.removeValue(forKey: parts[0]) else { continue }
                let whole = String(start.text) + String(rest[resumed.upperBound...])
                if let call = call(whole, start.line, number) { calls.append(call) }
            } else if let call = call(String(rest), number, number) {
                calls.append(call)
            }
        }
        return calls.sorted { $0.begin < $1.begin }
    }

    private static func call(_ text: String, _ begin: Int, _ end: Int) -> Call? {
        guard let match = text.wholeMatch(of: /(\w+)\((.*)\)\s+= (-?[0-9]+).*/) else { return nil }
        guard let result = Int(match.3) else { return nil }
        return Call(name: String(match.1), arguments: String(match.2), result: result, begin: begin, end: end)
    }
}

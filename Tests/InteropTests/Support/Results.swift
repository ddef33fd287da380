import Foundation

/// The file that the suite's results go to, one line for each client, version and job; `bin/clients` reads it.
enum Results {
    /// Adds lines, if the environment names a file.
    static func record(_ lines: [[String]]) throws {
        guard let path = ProcessInfo.processInfo.environment["CRYPTSFTP_CLIENTS"] else { return }
        let file = FileHandle(forWritingAtPath: path)
        try file?.seekToEnd()
        try file?.write(contentsOf: Data(lines.map { $0.joined(separator: "\t") + "\n" }.joined().utf8))
        try file?.close()
    }
}

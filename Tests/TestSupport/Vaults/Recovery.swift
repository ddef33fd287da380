package import Foundation

extension RunningServer {
    /// Decrypts many stored files with one stock gpg, as ``recover(_:user:)`` does with one.
    ///
    /// - Parameter stored: paths below the data directory.
    /// - Returns: what is in those that are there and that gpg opens and finds intact.
    package func recover(all stored: some Collection<String>, user: String = "alice") throws -> [String: Data] {
        let names = stored.filter { FileManager.default.fileExists(atPath: data.appending(path: $0).path) }
        guard !names.isEmpty else { return [:] }
        let copies = try Scratch()
        for (number, name) in names.enumerated() {
            try FileManager.default.copyItem(
                at: data.appending(path: name), to: copies.url.appending(path: "\(number).gpg"))
        }
        let keys = scratch.url.appending(path: "Configs/keys/\(user)")
        defer { _ = try? Command.run("gpgconf", ["--homedir", keys.path, "--kill", "all"]) }
        let run = try Command.run(
            "gpg",
            [
                "--homedir", keys.path, "--batch", "--quiet", "--status-fd", "1", "--pinentry-mode", "loopback",
                "--passphrase", RunningServer.passphrase, "--decrypt-files",
            ] + names.indices.map { copies.path("\($0).gpg") })
        // It writes what it has before it knows that the rest is damaged.
        let intact = RunningServer.intact(run.text)
        return try Dictionary(
            uniqueKeysWithValues: names.enumerated().filter { intact.contains(copies.path("\($0.offset).gpg")) }.map {
                ($0.element, try Data(contentsOf: copies.url.appending(path: "\($0.offset)")))
            })
    }

    /// The files that gpg says it has decrypted and found unchanged.
    ///
    /// Source: gnupg `doc/DETAILS`, `FILE_START`, `GOODMDC` and `FILE_DONE`.
    private static func intact(_ status: String) -> Set<String> {
        var intact: Set<String> = []
        var current: String?
        for line in status.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 1 else { continue }
            switch words[1] {
            case "FILE_START" where words.count > 3: current = String(words[3])
            case "GOODMDC": if let current { intact.insert(current) }
            case "FILE_DONE": current = nil
            default: break
            }
        }
        return intact
    }
}

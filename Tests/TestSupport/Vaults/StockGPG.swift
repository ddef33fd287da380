package import Foundation

/// Stock gpg on many files at once: it opens the key once, and not for each file.
package enum StockGPG {
    /// A file that gpg has decrypted and found intact.
    package struct Opened {
        package let contents: Data
        /// The IDs of the keys that it is encrypted to.
        package fileprivate(set) var recipients: [String] = []
    }

    /// Decrypts files.
    ///
    /// - Parameters:
    ///   - files: where they are, each by a name.
    ///   - home: a GnuPG home, whose agent is ended.
    /// - Returns: what is in those that exist and that gpg opens and finds intact.
    package static func open(_ files: [String: URL], home: URL) throws -> [String: Opened] {
        let names = files.keys.filter { FileManager.default.fileExists(atPath: files[$0]?.path ?? "") }.sorted()
        guard !names.isEmpty else { return [:] }
        let copies = try Scratch()
        for (number, name) in names.enumerated() {
            guard let file = files[name] else { continue }
            try FileManager.default.copyItem(at: file, to: copies.url.appending(path: "\(number).gpg"))
        }
        defer { _ = try? Command.run("gpgconf", ["--homedir", home.path, "--kill", "all"]) }
        let run = try Command.run(
            "gpg",
            [
                "--homedir", home.path, "--batch", "--quiet", "--trust-model", "always", "--status-fd", "1",
                "--pinentry-mode", "loopback", "--passphrase", RunningServer.passphrase, "--decrypt-files",
            ] + names.indices.map { copies.path("\($0).gpg") })
        // It writes what it has before it knows that the rest is damaged.
        let intact = StockGPG.intact(run.text)
        return try Dictionary(
            uniqueKeysWithValues: names.enumerated().compactMap { number, name in
                guard let recipients = intact[copies.path("\(number).gpg")] else { return nil }
                let contents = try Data(contentsOf: copies.url.appending(path: "\(number)"))
                return (name, Opened(contents: contents, recipients: recipients))
            })
    }

    /// The files that gpg says it has decrypted and found unchanged, and the keys they are for.
    ///
    /// Source: gnupg `doc/DETAILS`, `FILE_START`, `ENC_TO`, `GOODMDC` and `FILE_DONE`.
    private static func intact(_ status: String) -> [String: [String]] {
        var intact: [String: [String]] = [:]
        var current: (file: String, keys: [String])?
        for line in status.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 1 else { continue }
            switch words[1] {
            case "FILE_START" where words.count > 3: current = (words[3], [])
            case "ENC_TO" where words.count > 2: current?.keys.append(words[2])
            case "GOODMDC": if let current { intact[current.file] = current.keys }
            case "FILE_DONE": current = nil
            default: break
            }
        }
        return intact
    }
}

extension RunningServer {
    /// Decrypts many stored files, as ``recover(_:user:)`` does with one.
    ///
    /// - Parameter stored: paths below the data directory.
    /// - Returns: what is in those that are there and that gpg opens and finds intact.
    package func recover(all stored: some Collection<String>, user: String = "alice") throws -> [String: Data] {
        let files = Dictionary(stored.map { ($0, data.appending(path: $0)) }) { first, _ in first }
        return try StockGPG.open(files, home: scratch.url.appending(path: "Configs/keys/\(user)"))
            .mapValues(\.contents)
    }
}

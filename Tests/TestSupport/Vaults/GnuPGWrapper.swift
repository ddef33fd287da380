internal import Foundation

/// A directory with programs that stand before those of GnuPG in `PATH`.
struct GnuPGWrapper {
    static let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

    let directory: URL

    /// Makes a directory with a gpg whose agent stretches passphrases little.
    ///
    /// - Parameter search: where the wrapped programs are looked for.
    init(in directory: URL, over search: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let agent = try GnuPGWrapper.path(of: "gpg-agent", search)
        let gpg = try GnuPGWrapper.path(of: "gpg", search)
        try GnuPGWrapper.write("exec '\(agent)' --s2k-count 65536 \"$@\"", as: "gpg-agent", in: directory)
        try GnuPGWrapper.write(
            "exec '\(gpg)' --agent-program '\(directory.path)/gpg-agent' \"$@\"", as: "gpg", in: directory)
        try GnuPGWrapper.writeGPGConf(in: directory, over: search)
    }

    /// Writes the program by which gpgme finds the gpg of that directory.
    static func writeGPGConf(in directory: URL, over search: String) throws {
        let gpgconf = try path(of: "gpgconf", search)
        let script = """
            if [ "$1" = --list-components ]; then
                '\(gpgconf)' "$@" | sed 's|^gpg:\\([^:]*\\):.*|gpg:\\1:\(directory.path)/gpg|'
            else
                exec '\(gpgconf)' "$@"
            fi
            """
        try write(script, as: "gpgconf", in: directory)
    }

    static func write(_ script: String, as name: String, in directory: URL) throws {
        let file = directory.appending(path: name)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    static func path(of program: String, _ search: String) throws -> String {
        let found = search.split(separator: ":").map { "\($0)/\(program)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        guard let found else { throw Unexpected(description: "\(program) is not installed") }
        return found
    }
}

/// A command line of an `exec` request that this server answers itself; no program is ever executed.
///
/// rclone and people use these commands to compare files without a download.
package enum HashCommand: Equatable {
    /// rclone's test for the kind of shell.
    ///
    /// A POSIX shell prints ``shellAnswer``: `ShellId` is set in PowerShell only.
    case shellProbe
    /// `md5sum`, `sha1sum`, `sha256sum` or `sha512sum` of GNU coreutils.
    case sum(Sum)

    package struct Sum: Equatable {
        /// The command's name, such as `md5sum`.
        package let name: String
        /// The algorithm's name for ``SFTP/FileSystem/digest(named:)``, such as `md5`.
        package let algorithm: String
        /// Whether lines mark the files as binary (option `-b`).
        package let isBinary: Bool
        /// The files to hash; `-` and an empty list mean standard input.
        package let files: [[UInt8]]

        var readsInput: Bool { files.isEmpty || files.contains(HashCommand.standardInput) }
    }

    static let standardInput = Array("-".utf8)
    static let shellAnswer = Array("%ComSpec%\n".utf8)
    private static let algorithms = ["md5sum": "md5", "sha1sum": "sha1", "sha256sum": "sha256", "sha512sum": "sha512"]

    /// The answer to any other command.
    static let refusal = Array(
        "This server runs no commands; it only answers md5sum, sha1sum, sha256sum and sha512sum for its files.\n".utf8)

    /// Parses a command line.
    ///
    /// - Parameter line: the bytes that the client has sent for a shell.
    /// - Returns: nil for a command that this server does not answer.
    package init?(_ line: [UInt8]) {
        if line.elementsEqual("echo ${ShellId}%ComSpec%".utf8) {
            self = .shellProbe
            return
        }
        guard var words = ShellWords.split(line)?[...], let first = words.popFirst(),
            let algorithm = HashCommand.algorithms[String(decoding: first, as: UTF8.self)]
        else { return nil }
        var isBinary = false
        while let word = words.first, word.first == UInt8(ascii: "-"), word != HashCommand.standardInput {
            words.removeFirst()
            if word.elementsEqual("--".utf8) { break }
            guard word.elementsEqual("-b".utf8) || word.elementsEqual("--binary".utf8) else { return nil }
            isBinary = true
        }
        self = .sum(
            Sum(
                name: String(decoding: first, as: UTF8.self), algorithm: algorithm, isBinary: isBinary,
                files: Array(words)))
    }
}

extension HashCommand.Sum {
    /// The line for one file: the hash, a space, a space or an asterisk, the name.
    ///
    /// A line break or backslash in the name is escaped, and the line then starts with a backslash.
    package func line(_ hash: [UInt8], _ file: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let hexadecimal = hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        let escaped = file.flatMap { byte in
            switch byte {
            case UInt8(ascii: "\\"): Array("\\\\".utf8)
            case UInt8(ascii: "\n"): Array("\\n".utf8)
            case UInt8(ascii: "\r"): Array("\\r".utf8)
            default: [byte]
            }
        }
        let mark = escaped.count == file.count ? [] : Array("\\".utf8)
        return mark + hexadecimal + Array((isBinary ? " *" : "  ").utf8) + escaped + Array("\n".utf8)
    }

    /// The line on standard error for a file that cannot be hashed.
    func complaint(_ file: [UInt8], _ message: String) -> [UInt8] {
        Array("\(name): ".utf8) + file + Array(": \(message)\n".utf8)
    }
}

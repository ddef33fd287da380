/// A command line that this server answers by itself; nothing is ever executed.
///
/// rclone, and people, run these to compare files without a download.
package enum HashCommand: Equatable {
    /// rclone's question what shell there is. A POSIX shell prints ``shellAnswer``: `ShellId` is set in PowerShell
    /// only.
    case shellProbe
    /// `md5sum` and its like, of GNU coreutils.
    case sum(Sum)

    package struct Sum: Equatable {
        /// As it was called: `md5sum`.
        package let name: String
        /// As ``SFTP/FileSystem/digest(named:)`` calls it: `md5`.
        package let algorithm: String
        /// Whether lines mark the files as binary, as `-b` asks.
        package let isBinary: Bool
        /// Files to hash; `-` is standard input, and so is an empty list.
        package let files: [[UInt8]]

        var readsInput: Bool { files.isEmpty || files.contains(HashCommand.standardInput) }
    }

    static let standardInput = Array("-".utf8)
    static let shellAnswer = Array("%ComSpec%\n".utf8)
    private static let algorithms = ["md5sum": "md5", "sha1sum": "sha1", "sha256sum": "sha256", "sha512sum": "sha512"]

    /// What a client is told whose command is none of these.
    static let refusal = Array(
        "This server runs no commands; it only answers md5sum, sha1sum, sha256sum and sha512sum for its files.\n".utf8)

    /// - Parameter line: as the client sent it, for a shell to read.
    /// - Returns: nil for any other command.
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
    /// The line for one file: the hash, a blank, a blank or an asterisk, the name.
    ///
    /// A name with a line break or a backslash is escaped, and the line then starts with a backslash.
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

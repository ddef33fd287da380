internal import Server

/// The input as a command line: its words, quoted and split again, are the same words.
enum CommandFuzz {
    static func run(_ input: [UInt8]) throws(FuzzFailure) {
        let words = ShellWords.split(input)
        if let words {
            let quoted = words.map { Array("'".utf8) + $0.flatMap { $0 == quote ? escapedQuote : [$0] } + [quote] }
            let line = Array(quoted.joined(separator: Array(" ".utf8)))
            try require(ShellWords.split(line) == words, "quoted words are cut into others")
        }
        guard case .sum(let sum)? = HashCommand(input) else { return }
        try require(words != nil && (words?.count ?? 0) > sum.files.count, "files that are no words")
        for file in sum.files {
            // One line for each file, whatever its name is.
            let line = sum.line([0, 0xff], file)
            try require(line.last == lineFeed && line.dropLast().allSatisfy { $0 != lineFeed }, "a name breaks a line")
        }
    }

    private static let quote = UInt8(ascii: "'")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let escapedQuote = Array("'\\''".utf8)
}

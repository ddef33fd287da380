/// Splits a text into the tokens of TOML, each with its place.
///
/// Source: TOML 1.0.0, without multi-line strings and inline tables.
struct TOMLLexer {
    struct Token {
        enum Kind: Equatable {
            /// A bare key, a number, a boolean, or something that has no quotes by mistake.
            case word(String)
            /// A basic or literal string, without its quotes and escapes.
            case string(String)
            case equals, comma, openBracket, closeBracket
            /// The end of a line, or of the text.
            case lineEnd
        }

        let kind: Kind
        /// The bytes of the text that it is written with.
        let range: Range<Int>
        /// The line it begins on, counted from 1.
        let line: Int
    }

    private let bytes: [UInt8]
    private var position: Int
    private var line = 1
    /// Where the present line begins.
    private(set) var lineStart: Int

    init(_ text: String) {
        bytes = Array(text.utf8)
        // A byte order mark, which some editors write.
        position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        lineStart = position
    }

    /// Whether all tokens have been read.
    var isAtEnd: Bool { position == bytes.count }

    /// Reads the next token; blanks and comments before it are skipped.
    mutating func next() throws(TOMLError) -> Token {
        skipBlanks()
        if peek() == UInt8(ascii: "#") { try skipComment() }
        let (start, line) = (position, self.line)
        let kind = try kind()
        return Token(kind: kind, range: start..<position, line: line)
    }

    private mutating func kind() throws(TOMLError) -> Token.Kind {
        guard let byte = peek() else { return .lineEnd }
        switch byte {
        case UInt8(ascii: "\""): return .string(try basicString())
        case UInt8(ascii: "'"): return .string(try literalString())
        case _ where TOMLLexer.isInWord(byte): return .word(word())
        default: break
        }
        position += 1
        switch byte {
        case UInt8(ascii: "="): return .equals
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: "["): return .openBracket
        case UInt8(ascii: "]"): return .closeBracket
        case UInt8(ascii: "\r") where peek() == UInt8(ascii: "\n"):
            position += 1
            return endLine()
        case UInt8(ascii: "\n"): return endLine()
        default: throw error("unexpected character outside quotes")
        }
    }

    private mutating func endLine() -> Token.Kind {
        line += 1
        lineStart = position
        return .lineEnd
    }

    // MARK: Blanks, comments, words

    private mutating func skipBlanks() {
        while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { position += 1 }
    }

    /// Skips to the end of the line.
    private mutating func skipComment() throws(TOMLError) {
        while let byte = peek(), byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { return }
            guard !TOMLLexer.isControl(byte) else { throw error("unexpected control character in a comment") }
            position += 1
        }
    }

    private mutating func word() -> String {
        let start = position
        while let byte = peek(), TOMLLexer.isInWord(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isInWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7f }

    // MARK: Strings

    private mutating func literalString() throws(TOMLError) -> String {
        try openString(UInt8(ascii: "'"))
        let start = position
        while try inString() != UInt8(ascii: "'") { position += 1 }
        defer { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func basicString() throws(TOMLError) -> String {
        try openString(UInt8(ascii: "\""))
        var contents: [UInt8] = []
        while true {
            let byte = try inString()
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: contents, as: UTF8.self)
            case UInt8(ascii: "\\"): contents += try escape().utf8
            default: contents.append(byte)
            }
        }
    }

    /// Skips the opening quote.
    private mutating func openString(_ quote: UInt8) throws(TOMLError) {
        guard peek(1) != quote || peek(2) != quote else { throw error("strings of several lines are not supported") }
        position += 1
    }

    /// The next byte of a string, which must not end before its closing quote.
    private func inString() throws(TOMLError) -> UInt8 {
        guard let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") else {
            throw error("a string has no closing quote on its line")
        }
        guard !TOMLLexer.isControl(byte) else { throw error("unexpected control character in a string") }
        return byte
    }

    /// Reads what follows a backslash.
    private mutating func escape() throws(TOMLError) -> String {
        let byte = try inString()
        position += 1
        switch byte {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: throw error("unknown escape after a backslash; a literal string, in '…', has no escapes")
        }
    }

    private mutating func scalar(digits: Int) throws(TOMLError) -> String {
        let text = String(decoding: bytes[position...].prefix(digits), as: UTF8.self)
        guard text.utf8.count == digits, text.utf8.allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }),
            let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value)
        else { throw error("\\u needs 4 and \\U needs 8 hexadecimal digits of a Unicode character") }
        position += digits
        return String(scalar)
    }

    // MARK: Helpers

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private func error(_ reason: String) -> TOMLError { TOMLError(line: line, reason: reason) }
}

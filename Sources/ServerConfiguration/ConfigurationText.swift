/// The text of server.conf, before the parser of TOML sees it.
///
/// That parser ends the program on some texts that are malformed, such as dates that are none, the heading `[`, or a
/// brace in an array. So it sees only what our settings are made of: headings of ours, keys, strings of one line, whole
/// numbers, `true` and `false`, and arrays of these.
struct ConfigurationText {
    private let text: String
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// A line and what is wrong with it.
    typealias Oddity = (line: Int, reason: String)

    private static let lineFeed = UInt8(ascii: "\n")

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
        // The mark that some editors put at the start.
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    /// The first thing that has no place in it; nil when the parser may see it.
    mutating func oddity() -> Oddity? {
        if let unknown = firstUnknownHeading { return unknown }
        var isValue = false
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "#"): skip { $0 != Self.lineFeed }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if let reason = string(byte) { return (line, reason) }
            case UInt8(ascii: "="): isValue = true
            case UInt8(ascii: "[") where isValue: depth += 1
            case UInt8(ascii: "]") where isValue: depth -= 1
            case Self.lineFeed:
                line += 1
                if depth <= 0 { (isValue, depth) = (false, 0) }
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: ","), UInt8(ascii: "["),
                UInt8(ascii: "]"):
                break
            case _ where Self.isWord(byte):
                let word = word()
                if isValue, !Self.isNumberOrBoolean(word) {
                    return (line, "'\(String(decoding: word.prefix(40), as: UTF8.self))' must be in quotes")
                }
            default: return (line, "a character that has no place outside of quotes")
            }
            position += 1
        }
        return nil
    }

    /// Whether it is of a key, a number, or what else begins like these, such as a date.
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }

    /// The numbers that are settings are whole.
    private static func isNumberOrBoolean(_ word: ArraySlice<UInt8>) -> Bool {
        if word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) { return true }
        let isSigned = word.first == UInt8(ascii: "-") || word.first == UInt8(ascii: "+")
        let digits = isSigned ? word.dropFirst() : word
        return !digits.isEmpty
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_") }
    }

    /// The first line that begins as a heading does and is none of ours.
    ///
    /// None of our values has lines of its own that begin like this.
    private var firstUnknownHeading: Oddity? {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            // In bytes: a bracket with an accent is no bracket to Swift, but is one to the parser.
            let start = line.utf8.drop { $0 >= 0x80 || $0 <= 0x20 }
            guard start.first == UInt8(ascii: "[") else { continue }
            let heading = start.prefix { $0 != UInt8(ascii: "#") }.filter { $0 != 0x20 && $0 != 0x09 }
            let known = ["[limits]", "[[limits]]", "[user]", "[[user]]"]
            guard !known.contains(where: { heading.elementsEqual($0.utf8) }) else { continue }
            return (index + 1, "'\(Substring(start).prefix(40))' is not known here: [limits] and [[user]] are")
        }
        return nil
    }

    private var next: UInt8? { peek(0) }
    private func peek(_ ahead: Int) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func skip(while isSkipped: (UInt8) -> Bool) {
        while let byte = next, isSkipped(byte) { position += 1 }
        // Its caller passes one more.
        position -= 1
    }

    /// Goes to the end of a word.
    private mutating func word() -> ArraySlice<UInt8> {
        let start = position
        skip(while: Self.isWord)
        return bytes[start...position]
    }

    /// Goes to the quote that ends a string.
    ///
    /// - Returns: what is wrong with it.
    private mutating func string(_ quote: UInt8) -> String? {
        if peek(1) == quote, peek(2) == quote { return "strings of several lines have no place here" }
        position += 1
        while let byte = next, byte != quote {
            if byte == Self.lineFeed || byte == UInt8(ascii: "\r") { return "a string without an end" }
            let isEscape = byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"")
            position += isEscape && peek(1) != Self.lineFeed ? 2 : 1
        }
        return next == nil ? "a string without an end" : nil
    }
}

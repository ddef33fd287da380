/// The text of server.conf, before the parser of TOML sees it.
///
/// That parser ends the program on some texts that are malformed, such as dates that are none, or the heading `[`. Nothing
/// of ours needs what can be malformed like this, so that it is refused as a whole.
struct ConfigurationText {
    private let text: String
    private let octets: [UInt8]
    private var position = 0
    private var line = 1

    /// A line and what is wrong with it.
    typealias Oddity = (line: Int, reason: String)

    private static let lineFeed = UInt8(ascii: "\n")

    init(_ text: String) {
        self.text = text
        octets = Array(text.utf8)
        // The mark that some editors put at the start.
        if octets.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    /// The first thing that has no place in it; nil when the parser may see it.
    mutating func oddity() -> Oddity? {
        if let unknown = firstUnknownHeading { return unknown }
        while let octet = next {
            switch octet {
            case UInt8(ascii: "#"): skip { $0 != Self.lineFeed }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if let reason = string(octet) { return (line, reason) }
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if let after = peek(1), [UInt8(ascii: "-"), UInt8(ascii: ":")].contains(after) {
                    return (line, "dates and times have no place here")
                }
            case UInt8(ascii: "{"), UInt8(ascii: "}"): return (line, "inline tables have no place here")
            case Self.lineFeed: line += 1
            case UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x20..<0x7f: break
            default: return (line, "a character that has no place outside of quotes")
            }
            position += 1
        }
        return nil
    }

    /// The first line that begins as a heading does and is none of ours.
    ///
    /// None of our values has lines of its own that begin like this.
    private var firstUnknownHeading: Oddity? {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            // In octets: a bracket with an accent is no bracket to Swift, but is one to the parser.
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
        position + ahead < octets.count ? octets[position + ahead] : nil
    }

    private mutating func skip(while isSkipped: (UInt8) -> Bool) {
        while let octet = next, isSkipped(octet) { position += 1 }
        // Its caller passes one more.
        position -= 1
    }

    /// Goes to the quote that ends a string.
    ///
    /// - Returns: what is wrong with it.
    private mutating func string(_ quote: UInt8) -> String? {
        if peek(1) == quote, peek(2) == quote { return "strings of several lines have no place here" }
        position += 1
        while let octet = next, octet != quote {
            if octet == Self.lineFeed || octet == UInt8(ascii: "\r") { return "a string without an end" }
            let isEscape = octet == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"")
            position += isEscape && peek(1) != Self.lineFeed ? 2 : 1
        }
        return next == nil ? "a string without an end" : nil
    }
}

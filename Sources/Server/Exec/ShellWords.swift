/// Splits a line into words as a POSIX shell does, without expansions.
///
/// Quotes and backslashes have their meaning in a shell. A line that a shell would expand, or that starts more than one
/// command, is refused.
///
/// Source: POSIX.1-2017, Shell Command Language, sections 2.2 (quoting) and 2.3 (token recognition).
package enum ShellWords {
    /// Unquoted bytes that are operators or start an expansion.
    private static let special = Set("\n;|&<>()$`*?[".utf8)
    /// Unquoted bytes that are special at the start of a word only.
    private static let specialAtStart = Set("~#".utf8)
    /// Bytes that a backslash escapes inside double quotes.
    private static let specialInDoubleQuotes = Set("$`\"\\".utf8)

    /// Splits a line.
    ///
    /// - Returns: nil for a line that needs a shell, or has an open quote.
    package static func split(_ line: [UInt8]) -> [[UInt8]]? {
        var words: [[UInt8]] = []
        var word: [UInt8]?
        var rest = line[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                if let complete = word { words.append(complete) }
                word = nil
            case UInt8(ascii: "'"):
                guard let end = rest.firstIndex(of: byte) else { return nil }
                word = (word ?? []) + rest[..<end]
                rest = rest[(end + 1)...]
            case UInt8(ascii: "\""):
                guard let quoted = doubleQuoted(&rest) else { return nil }
                word = (word ?? []) + quoted
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                // A backslash before the end of a line joins two lines.
                if escaped != UInt8(ascii: "\n") { word = (word ?? []) + [escaped] }
            case _ where special.contains(byte) || word == nil && specialAtStart.contains(byte): return nil
            default: word = (word ?? []) + [byte]
            }
        }
        if let complete = word { words.append(complete) }
        return words
    }

    /// Takes the bytes after an opening double quote, up to and including the closing one.
    private static func doubleQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var word: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return word
            case UInt8(ascii: "$"), UInt8(ascii: "`"): return nil
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                if escaped == UInt8(ascii: "\n") { continue }
                if !specialInDoubleQuotes.contains(escaped) { word.append(byte) }
                word.append(escaped)
            default: word.append(byte)
            }
        }
        return nil
    }
}

/// A TOML text, parsed with the place of everything in it.
///
/// The values, the line numbers of errors, and the edits of ``ConfigurationEditor`` all come from this one parse.
/// Source: TOML 1.0.0, limited to what server.conf uses: tables and arrays of tables one level deep, keys that are not
/// dotted, strings of one line, decimal integers, booleans, and arrays of strings.
package struct TOMLDocument: Sendable {
    /// The settings before the first heading.
    package private(set) var root = TOMLTable(name: "", isElement: false, line: 1, heading: 0..<0)
    /// The tables with headings, in the text's order.
    package private(set) var tables: [TOMLTable] = []

    package init(_ text: String) throws(TOMLError) {
        var lexer = TOMLLexer(text)
        while !lexer.isAtEnd {
            let token = try lexer.next()
            switch token.kind {
            case .lineEnd: break
            case .openBracket: tables.append(try heading(from: token, &lexer))
            case .word, .string: try add(setting(from: token, &lexer))
            case .equals, .comma, .closeBracket:
                throw TOMLError(line: token.line, reason: "a line begins with a setting's name or with a heading")
            }
        }
    }

    private mutating func add(_ setting: TOMLTable.Setting) throws(TOMLError) {
        let table = tables.last ?? root
        if let other = table.setting(setting.key) {
            throw TOMLError(line: setting.line, reason: "'\(setting.key)' is set already, in line \(other.line)")
        }
        if tables.isEmpty {
            root.settings.append(setting)
        } else {
            tables[tables.count - 1].settings.append(setting)
        }
    }

    // MARK: Headings

    /// Reads the rest of `[name]` or `[[name]]` and its line.
    private func heading(from open: TOMLLexer.Token, _ lexer: inout TOMLLexer) throws(TOMLError) -> TOMLTable {
        let malformed = TOMLError(line: open.line, reason: "malformed heading: [name] or [[name]] is expected")
        let start = lexer.lineStart
        var token = try lexer.next()
        let isElement = token.kind == .openBracket && token.range.lowerBound == open.range.upperBound
        if isElement { token = try lexer.next() }
        guard let name = try key(token) else { throw malformed }
        let close = try lexer.next()
        guard close.kind == .closeBracket else { throw malformed }
        if isElement {
            let second = try lexer.next()
            guard second.kind == .closeBracket, second.range.lowerBound == close.range.upperBound else {
                throw malformed
            }
        }
        let end = try endOfLine(&lexer)
        // TOML lets a name be one table, or an array of tables, or a setting.
        let isTaken = tables.contains { $0.name == name && !($0.isElement && isElement) }
        guard !isTaken, root.setting(name) == nil else {
            throw TOMLError(line: open.line, reason: "there is a '\(name)' already")
        }
        return TOMLTable(name: name, isElement: isElement, line: open.line, heading: start..<end)
    }

    // MARK: Settings

    /// Reads the rest of `key = value` and its line.
    private func setting(
        from first: TOMLLexer.Token, _ lexer: inout TOMLLexer
    ) throws(TOMLError) -> TOMLTable.Setting {
        let start = lexer.lineStart
        guard let key = try key(first), try lexer.next().kind == .equals else {
            throw TOMLError(line: first.line, reason: "a setting is written: name = value")
        }
        let token = try lexer.next()
        let (value, valueEnd) = try value(from: token, &lexer)
        return TOMLTable.Setting(
            key: key, value: value, line: first.line, valueRange: token.range.lowerBound..<valueEnd,
            lines: start..<(try endOfLine(&lexer)))
    }

    /// The name that a token gives a table or a setting; nil for a token that is none.
    private func key(_ token: TOMLLexer.Token) throws(TOMLError) -> String? {
        switch token.kind {
        case .string(let name): return name
        case .word(let name):
            if name.contains(".") {
                throw TOMLError(
                    line: token.line,
                    reason: "'\(name.prefix(40))': dotted names are not supported; write the setting under a heading")
            }
            return name.contains("+") || name.contains(":") ? nil : name
        default: return nil
        }
    }

    private func value(
        from token: TOMLLexer.Token, _ lexer: inout TOMLLexer
    ) throws(TOMLError) -> (value: TOMLValue, end: Int) {
        switch token.kind {
        case .string(let string): return (.string(string), token.range.upperBound)
        case .word("true"): return (.boolean(true), token.range.upperBound)
        case .word("false"): return (.boolean(false), token.range.upperBound)
        case .word(let word): return (.integer(try integer(word, line: token.line)), token.range.upperBound)
        case .openBracket:
            let (strings, end) = try strings(&lexer)
            return (.strings(strings), end)
        case .lineEnd: throw TOMLError(line: token.line, reason: "a value is missing")
        case .equals, .comma, .closeBracket:
            throw TOMLError(
                line: token.line, reason: "a value is expected: a string in quotes, a number, true or false")
        }
    }

    private func integer(_ word: String, line: Int) throws(TOMLError) -> Int {
        // Underscores are between digits, and no number but 0 begins with 0.
        guard word.wholeMatch(of: /[+-]?(0|[1-9](_?[0-9])*)/) != nil else {
            throw TOMLError(
                line: line, reason: "'\(word.prefix(40))' must be in quotes, or be a whole number, true or false")
        }
        guard let integer = Int(word.filter { $0 != "_" }) else {
            throw TOMLError(line: line, reason: "the number \(word.prefix(40)) is too large")
        }
        return integer
    }

    /// Reads an array of strings to its closing bracket; it may have several lines, comments, and a comma at the end.
    private func strings(_ lexer: inout TOMLLexer) throws(TOMLError) -> (strings: [String], end: Int) {
        var strings: [String] = []
        var needsComma = false
        while true {
            let isEnd = lexer.isAtEnd
            let token = try lexer.next()
            switch token.kind {
            case .lineEnd where !isEnd: break
            case .closeBracket: return (strings, token.range.upperBound)
            case .comma where needsComma: needsComma = false
            case .string(let string) where !needsComma:
                strings.append(string)
                needsComma = true
            case .word(let word):
                throw TOMLError(line: token.line, reason: "'\(word.prefix(40))' must be in quotes")
            default:
                throw TOMLError(
                    line: token.line, reason: "a list is written: [\"one\", \"two\"], with strings in quotes alone")
            }
        }
    }

    /// Reads the end of a line.
    ///
    /// - Returns: where the next line begins.
    private func endOfLine(_ lexer: inout TOMLLexer) throws(TOMLError) -> Int {
        let token = try lexer.next()
        guard token.kind == .lineEnd else {
            throw TOMLError(line: token.line, reason: "unexpected text at the end of the line; a comment begins with #")
        }
        return token.range.upperBound
    }
}

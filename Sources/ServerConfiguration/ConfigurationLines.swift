/// The lines of a server.conf, in which one user's can be changed and every other byte is kept.
///
/// Source: TOML 1.0, as far as `[[user]]` tables need it. What it takes for a setting is checked by whoever changes
/// one: the changed file is read again before it is kept (``ConfigurationFile/change(_:to:by:)``).
package struct ConfigurationLines {
    /// Each with its end.
    private var lines: [ArraySlice<UInt8>]

    init(_ bytes: [UInt8]) {
        lines = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
            lines.append(rest[..<end])
            rest = rest[end...]
        }
    }

    var bytes: [UInt8] { Array(lines.joined()) }

    /// Sets `key` of the user counted from 0 to a value as TOML writes it; all else on its line stays.
    ///
    /// A key that is not there yet gets a line of its own, behind the last one of that user.
    package mutating func set(_ key: String, to value: String, ofUser index: Int) {
        let settings = settings(ofUser: index)
        if let setting = settings.first(where: { $0.key == key }) {
            let whole = lines[setting.lines].joined()
            let before = whole.prefix(setting.value.lowerBound)
            let after = whole.dropFirst(setting.value.upperBound)
            lines.replaceSubrange(setting.lines, with: [ArraySlice(Array(before) + Array(value.utf8) + Array(after))])
        } else if let last = settings.last?.lines.upperBound {
            let end = lines[last - 1].suffix(2).elementsEqual("\r\n".utf8) ? "\r\n" : "\n"
            if lines[last - 1].last != UInt8(ascii: "\n") { lines[last - 1] += ArraySlice(end.utf8) }
            lines.insert(ArraySlice("\(key) = \(value)\(end)".utf8), at: last)
        }
    }

    /// Takes the line of `key` away.
    package mutating func unset(_ key: String, ofUser index: Int) {
        if let setting = settings(ofUser: index).first(where: { $0.key == key }) { lines.removeSubrange(setting.lines) }
    }

    /// Takes a user's lines away: from the heading to the last setting, and an empty line before it.
    ///
    /// Comments before the heading and behind the last setting may be about anything; they stay.
    package mutating func removeUser(_ index: Int) {
        guard let section = section(index) else { return }
        let end = settings(ofUser: index).last?.lines.upperBound ?? section.lowerBound + 1
        let isSeparated = section.lowerBound > 0 && trimmed(section.lowerBound - 1).isEmpty
        lines.removeSubrange((section.lowerBound - (isSeparated ? 1 : 0))..<end)
    }

    /// How many `[[user]]` there are.
    var users: Int { headings.count { isUser($0) } }

    // MARK: Finding

    /// One `key = value`.
    private struct Setting {
        let key: String
        let lines: Range<Int>
        /// Where the value is in these lines' bytes.
        let value: Range<Int>
    }

    private func trimmed(_ line: Int) -> ArraySlice<UInt8> {
        let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        let start = lines[line].drop { blanks.contains($0) }
        return start[..<((start.lastIndex { !blanks.contains($0) }).map { $0 + 1 } ?? start.startIndex)]
    }

    private var headings: [Int] { lines.indices.filter { trimmed($0).first == UInt8(ascii: "[") } }

    private func isUser(_ heading: Int) -> Bool {
        let text = lines[heading].prefix { $0 != UInt8(ascii: "#") }
        return text.filter { $0 > UInt8(ascii: " ") }.elementsEqual("[[user]]".utf8)
    }

    private func section(_ index: Int) -> Range<Int>? {
        let all = headings
        let users = all.filter { isUser($0) }
        guard users.indices.contains(index) else { return nil }
        return users[index]..<(all.first { $0 > users[index] } ?? lines.count)
    }

    private func settings(ofUser index: Int) -> [Setting] {
        guard let section = section(index) else { return [] }
        var settings: [Setting] = []
        var line = section.lowerBound + 1
        while line < section.upperBound {
            if let setting = setting(at: line, before: section.upperBound) {
                settings.append(setting)
                line = setting.lines.upperBound
            } else {
                line += 1
            }
        }
        return settings
    }

    private func setting(at line: Int, before end: Int) -> Setting? {
        let text = trimmed(line)
        guard let first = text.first, first != UInt8(ascii: "#"), let equals = text.firstIndex(of: UInt8(ascii: "="))
        else { return nil }
        let key = String(decoding: text[..<equals].filter { $0 != UInt8(ascii: " ") && $0 != 9 }, as: UTF8.self)
        let bytes = Array(lines[line..<end].joined())
        var start = equals - lines[line].startIndex + 1
        while start < bytes.count, bytes[start] == UInt8(ascii: " ") || bytes[start] == 9 { start += 1 }
        guard let last = TOMLValue.end(in: bytes, from: start) else { return nil }
        let breaks = bytes[..<last].count { $0 == UInt8(ascii: "\n") }
        return Setting(key: key, lines: line..<line + breaks + 1, value: start..<last)
    }
}

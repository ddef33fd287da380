/// Edits one user's lines of a server.conf; every other byte of the text stays.
///
/// An edit may write a value that the setting cannot have. So the caller parses the text before it is kept
/// (see ``ConfigurationFile/change(_:user:from:by:)``).
package struct ConfigurationEditor {
    private var bytes: [UInt8]
    private let user: String

    /// Takes a text for editing.
    ///
    /// - Parameters:
    ///   - text: a server.conf.
    ///   - user: whose lines are edited. A text without the user stays as it is.
    package init(_ text: String, user: String) {
        bytes = Array(text.utf8)
        self.user = user
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The user's table in the text as it is now.
    private func table() throws(TOMLError) -> TOMLTable? {
        try TOMLDocument(text).tables.first { $0.name == "user" && $0.setting("name")?.value == .string(user) }
    }

    /// Sets `key` to a value; the rest of its line stays.
    ///
    /// A key that the user does not have yet gets a line after the user's last one.
    package mutating func set(_ key: String, to value: TOMLValue) throws(TOMLError) {
        guard let table = try table() else { return }
        if let setting = table.setting(key) {
            bytes.replaceSubrange(setting.valueRange, with: value.text.utf8)
        } else {
            let end = bytes[table.heading].suffix(2).elementsEqual("\r\n".utf8) ? "\r\n" : "\n"
            let place = table.lines.upperBound
            let isEnded = bytes[table.lines].last == UInt8(ascii: "\n")
            bytes.insert(contentsOf: "\(isEnded ? "" : end)\(key) = \(value.text)\(end)".utf8, at: place)
        }
    }

    /// Removes the lines of `key`.
    package mutating func remove(_ key: String) throws(TOMLError) {
        guard let setting = try table()?.setting(key) else { return }
        bytes.removeSubrange(setting.lines)
    }

    /// Removes the user's lines, from the heading to the last setting, and an empty line before them.
    ///
    /// Comments before the heading and after the last setting may be about anything; they stay.
    package mutating func removeUser() throws(TOMLError) {
        guard let lines = try table()?.lines else { return }
        bytes.removeSubrange((emptyLine(before: lines.lowerBound) ?? lines.lowerBound)..<lines.upperBound)
    }

    /// Where the line before `place` begins, if it is empty.
    private func emptyLine(before place: Int) -> Int? {
        guard place > 0 else { return nil }
        let start = bytes[..<(place - 1)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return bytes[start..<place].allSatisfy { $0 <= UInt8(ascii: " ") } ? start : nil
    }
}

extension TOMLTable {
    /// The bytes from the heading to the end of the last setting.
    fileprivate var lines: Range<Int> { heading.lowerBound..<(settings.last?.lines.upperBound ?? heading.upperBound) }
}

/// The settings under one heading of a TOML text, with their places.
package struct TOMLTable: Sendable {
    package struct Setting: Sendable {
        package let key: String
        package let value: TOMLValue
        /// The line of the key, counted from 1.
        let line: Int
        /// The bytes of the text that the value is written with.
        let valueRange: Range<Int>
        /// The bytes of the lines that key and value are on, with the end of the last line.
        let lines: Range<Int>
    }

    /// The name in the heading; empty for the root table, which has no heading.
    package let name: String
    /// Whether the table is an element of an array of tables: its heading is `[[name]]`.
    package let isElement: Bool
    /// The line of the heading, counted from 1.
    let line: Int
    /// The bytes of the heading's line, with its end.
    let heading: Range<Int>
    package internal(set) var settings: [Setting] = []

    package func setting(_ key: String) -> Setting? { settings.first { $0.key == key } }

    // MARK: Values

    /// Reads a setting that has to be a string.
    ///
    /// - Returns: nil when there is no such setting; so do the other types' functions.
    package func string(_ key: String) throws(TOMLError) -> String? {
        guard let setting = setting(key) else { return nil }
        guard case .string(let string) = setting.value else { throw error(key, "must be a string in quotes") }
        return string
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws(TOMLError) -> Int? {
        guard let setting = setting(key) else { return nil }
        guard case .integer(let integer) = setting.value, range.contains(integer) else {
            throw error(key, "must be a whole number, \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    package func boolean(_ key: String) throws(TOMLError) -> Bool? {
        guard let setting = setting(key) else { return nil }
        guard case .boolean(let boolean) = setting.value else { throw error(key, "must be true or false") }
        return boolean
    }

    package func strings(_ key: String) throws(TOMLError) -> [String]? {
        guard let setting = setting(key) else { return nil }
        guard case .strings(let strings) = setting.value else {
            throw error(key, "must be a list of strings, such as [\"one\", \"two\"]")
        }
        return strings
    }

    /// Refuses settings of other names: they are misspelt, or under the wrong heading.
    package func allowOnly(_ keys: [String]) throws(TOMLError) {
        guard let unknown = settings.first(where: { !keys.contains($0.key) }) else { return }
        throw TOMLError(line: unknown.line, reason: "unknown setting '\(unknown.key.prefix(40))'")
    }

    /// An error about a setting, or about the heading when there is no such setting.
    package func error(_ key: String, _ reason: String) -> TOMLError {
        TOMLError(line: setting(key)?.line ?? line, reason: "'\(key)' \(reason)")
    }
}

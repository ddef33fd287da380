/// A value of a setting, of the types that server.conf uses.
package enum TOMLValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case strings([String])

    /// The value as TOML writes it, on one line.
    package var text: String {
        switch self {
        case .string(let string): TOMLValue.quoted(string)
        case .integer(let integer): String(integer)
        case .boolean(let boolean): String(boolean)
        case .strings(let strings): "[\(strings.map(TOMLValue.quoted).joined(separator: ", "))]"
        }
    }

    /// Writes a basic string: quotes, backslashes and control characters are escaped.
    private static func quoted(_ string: String) -> String {
        let escaped = string.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                "\\u" + String(repeating: "0", count: scalar.value < 0x10 ? 3 : 2) + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

/// Text that others have chosen, as it is shown to people: on a terminal, in the log, in messages to a client.
///
/// Control characters would be commands to the terminal, and others make it show something else than there is:
/// characters that change the direction, that are not seen, or that end a line.
package enum PrintableText {
    /// The general categories that are not shown as they are.
    ///
    /// Source: Unicode Standard, section 4.5, table 4-4.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }

    /// The text with such characters as `\u{1B}`, `\n` and the like.
    ///
    /// - Parameter kept: characters that stay, because whoever has composed the text means them.
    package static func escaped(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return text.unicodeScalars.reduce(into: "") { text, scalar in
            text += isUnsafe(scalar) && !kept.contains(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }

    /// JSON of the same value, with such characters as `\u001b` (RFC 8259, section 7).
    ///
    /// - Parameter json: JSON without line breaks between its tokens: then such characters are in strings alone.
    package static func escaped(json: String) -> String {
        guard json.unicodeScalars.contains(where: isUnsafe) else { return json }
        return json.unicodeScalars.reduce(into: "") { text, scalar in
            guard isUnsafe(scalar) else { return text.unicodeScalars.append(scalar) }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }

    /// Whether a text is shown as it is.
    package static func isPrintable(_ text: String) -> Bool { !text.unicodeScalars.contains(where: isUnsafe) }
}

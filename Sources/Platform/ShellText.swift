/// Text for a POSIX shell, as commands that are printed for people contain it.
///
/// Source: POSIX.1-2017, Shell and Utilities, sections 2.2 (quoting) and 2.13 (patterns).
package enum ShellText {
    /// Quotes a word where it needs quotes.
    package static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+,@%:=".utf8.contains($0)
        }
        return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }

    /// The pattern that matches a text and nothing else.
    package static func pattern(_ text: String) -> String {
        text.reduce(into: "") { pattern, character in
            if "*?[]\\".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
    }
}

private import Foundation

/// The commands of README.md, which tests run as they stand there.
package enum Readme {
    /// The lines of the first block of shell commands below a heading, without comments.
    ///
    /// - Throws: ``Unexpected`` when there is none.
    package static func commands(under heading: String) throws -> [String] {
        let text = try String(contentsOf: Checkout.top.appending(path: "README.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let section = lines.drop { $0 != "## \(heading)" }.dropFirst().prefix { !$0.hasPrefix("## ") }
        let commands = section.drop { $0 != "```sh" }.dropFirst().prefix { $0 != "```" }.map { line in
            let command = line.split(separator: "#", maxSplits: 1).first ?? ""
            return String(command).trimmingCharacters(in: .whitespaces)
        }
        guard !commands.isEmpty else { throw Unexpected(description: "README.md has no commands under '\(heading)'") }
        return commands
    }
}

/// A version number of gpg.
package struct GnuPGVersion: Comparable, Sendable, CustomStringConvertible {
    private let parts: [Int]

    package init(_ parts: Int...) { self.parts = parts }

    /// Reads `2.2.40` or `2.4.5-beta`.
    ///
    /// - Returns: nil for a text that is not a version number.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-").first?.split(separator: ".").map { Int($0) } ?? []
        guard parts.count >= 2, !parts.contains(nil) else { return nil }
        self.parts = parts.compactMap { $0 }
    }

    package static func < (left: GnuPGVersion, right: GnuPGVersion) -> Bool {
        left.parts.lexicographicallyPrecedes(right.parts)
    }

    package var description: String { parts.map(String.init).joined(separator: ".") }
}

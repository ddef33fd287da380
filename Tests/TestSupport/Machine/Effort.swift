private import Foundation

/// How much the tests do: what `bin/test` has time for, or all of it, as `bin/test --full` asks for.
package enum Effort {
    /// Whether `CRYPTSFTP_FULL` is set.
    package static let isFull = ProcessInfo.processInfo.environment["CRYPTSFTP_FULL"] != nil

    /// Returns the number of repetitions or cases for this run.
    package static func count(_ quick: Int, full: Int) -> Int { isFull ? full : quick }

    /// Returns `quick` random ones of the cases, in their order; all of them in a full run.
    ///
    /// - Parameter test: the name that the seed is printed with.
    package static func some<Case>(_ quick: Int, of cases: [Case], for test: String) -> [Case] {
        guard !isFull, quick < cases.count else { return cases }
        var numbers = SeededNumbers(for: test)
        return cases.indices.shuffled(using: &numbers).prefix(quick).sorted().map { cases[$0] }
    }

    /// Deals the cases out to `count` tests at random, so that each case is in one of them; in a full run each test has
    /// all.
    ///
    /// - Parameter tests: the tests' name that the seed is printed with.
    package static func deal<Case>(_ cases: [Case], to count: Int, for tests: String) -> [[Case]] {
        guard !isFull else { return Array(repeating: cases, count: count) }
        var numbers = SeededNumbers(for: tests)
        let shuffled = cases.shuffled(using: &numbers)
        return (0..<count).map { hand in stride(from: hand, to: shuffled.count, by: count).map { shuffled[$0] } }
    }
}

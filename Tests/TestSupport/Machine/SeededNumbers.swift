private import Foundation

/// A source of random numbers that a failed run can be repeated with.
///
/// Source: SplitMix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
package struct SeededNumbers: RandomNumberGenerator {
    /// What it began with.
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Takes the seed from `CRYPTSFTP_SEED`, or a fresh one, and prints it.
    ///
    /// - Parameter test: the test's name, for the line that is printed.
    package init(for test: String) {
        let seed =
            ProcessInfo.processInfo.environment["CRYPTSFTP_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 1...UInt64(UInt32.max))
        print("CRYPTSFTP_SEED=\(seed) for \(test)")
        self.init(seed: seed)
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

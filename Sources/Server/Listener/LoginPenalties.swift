/// How long an address has to wait after failed logins: twice as long with each, up to a bound, and forgotten in time.
struct LoginPenalties {
    private struct Entry {
        var failures: Int
        var last: ContinuousClock.Instant
    }

    private static let first = 250
    private static let longest = 8000
    private static let memory = Duration.seconds(600)
    /// Addresses remembered; with more, the memory starts anew: an attacker with so many is not slowed by this.
    private static let capacity = 10_000

    private var entries: [String: Entry] = [:]

    mutating func failed(_ address: String, now: ContinuousClock.Instant = .now) {
        if entries.count >= LoginPenalties.capacity { entries = [:] }
        var entry = current(address, now) ?? Entry(failures: 0, last: now)
        entry.failures += 1
        entry.last = now
        entries[address] = entry
    }

    mutating func succeeded(_ address: String) {
        entries[address] = nil
    }

    /// Milliseconds by which the next failure of `address` is to be delayed.
    func delay(_ address: String, now: ContinuousClock.Instant = .now) -> Int {
        let failures = current(address, now)?.failures ?? 0
        return min(LoginPenalties.longest, LoginPenalties.first << min(failures, 10))
    }

    private func current(_ address: String, _ now: ContinuousClock.Instant) -> Entry? {
        entries[address].flatMap { now - $0.last < LoginPenalties.memory ? $0 : nil }
    }
}

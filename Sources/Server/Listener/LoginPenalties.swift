/// The delay of failed logins for each address: doubled with each failure, up to a bound, and forgotten after a while.
struct LoginPenalties {
    private struct Entry {
        var failures: Int
        var last: ContinuousClock.Instant
    }

    private static let first = Duration.milliseconds(250)
    private static let longest = Duration.seconds(8)
    /// How long after the last one failures are remembered.
    private static let memory = Duration.seconds(600)
    /// The number of addresses that are remembered.
    ///
    /// When there are more, all are forgotten: delays do not stop an attacker with so many addresses.
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

    /// How long the next failed login from `address` is delayed.
    func delay(_ address: String, now: ContinuousClock.Instant = .now) -> Duration {
        let failures = current(address, now)?.failures ?? 0
        return min(LoginPenalties.longest, LoginPenalties.first * (1 << min(failures, 10)))
    }

    private func current(_ address: String, _ now: ContinuousClock.Instant) -> Entry? {
        entries[address].flatMap { now - $0.last < LoginPenalties.memory ? $0 : nil }
    }
}

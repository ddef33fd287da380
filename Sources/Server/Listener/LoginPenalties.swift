internal import SSHTransport

/// The delay of failed logins for each peer: doubled with each failure, up to a bound, and forgotten after a while.
struct LoginPenalties {
    private struct Entry {
        var failures: Int
        var last: ContinuousClock.Instant
    }

    private static let first = Duration.milliseconds(250)
    private static let longest = Duration.seconds(8)
    /// How long after the last one failures are remembered.
    private static let memory = Duration.seconds(600)
    /// The number of peers that are remembered.
    ///
    /// When there are more, all are forgotten: delays do not stop an attacker with so many addresses.
    private static let capacity = 10_000

    private var entries: [Peer: Entry] = [:]

    mutating func failed(_ peer: Peer, now: ContinuousClock.Instant = .now) {
        if entries.count >= LoginPenalties.capacity { entries = [:] }
        var entry = current(peer, now) ?? Entry(failures: 0, last: now)
        entry.failures += 1
        entry.last = now
        entries[peer] = entry
    }

    mutating func succeeded(_ peer: Peer) {
        entries[peer] = nil
    }

    /// How long the next failed login from `peer` is delayed.
    func delay(_ peer: Peer, now: ContinuousClock.Instant = .now) -> Duration {
        let failures = current(peer, now)?.failures ?? 0
        return min(LoginPenalties.longest, LoginPenalties.first * (1 << min(failures, 10)))
    }

    private func current(_ peer: Peer, _ now: ContinuousClock.Instant) -> Entry? {
        entries[peer].flatMap { now - $0.last < LoginPenalties.memory ? $0 : nil }
    }
}

package import SSHTransport

/// Decides which of the connections that wait gets a place to log in, and who has to leave for it.
///
/// There are few places, because a login takes memory and processor time. Who makes no progress there leaves when
/// somebody else waits. So clients that say nothing, or stop half way, keep nobody out, and a burst of honest ones waits
/// its turn.
package struct LoginTurns {
    /// A connection that waits for a place.
    package struct Candidate {
        let peer: Peer
        /// Whether the client has sent anything: nearly all clients do without waiting for the server.
        let hasSpoken: Bool
        let arrived: ContinuousClock.Instant

        package init(peer: Peer, hasSpoken: Bool, arrived: ContinuousClock.Instant) {
            self.peer = peer
            self.hasSpoken = hasSpoken
            self.arrived = arrived
        }
    }

    /// A connection that has a place: a session process that nobody has logged in to yet.
    package struct Holder {
        let peer: Peer
        let hasSpoken: Bool
        /// Whether the session checks a password: then the client has to wait, and is not slow itself.
        let isBusy: Bool
        /// How long nothing has come from the client.
        let silence: Duration
        /// How long it has had the place.
        let age: Duration

        package init(peer: Peer, hasSpoken: Bool, isBusy: Bool, silence: Duration, age: Duration) {
            self.peer = peer
            self.hasSpoken = hasSpoken
            self.isBusy = isBusy
            self.silence = silence
            self.age = age
        }
    }

    /// Who gets a place, and who leaves for it; both are indices.
    package struct Turn: Equatable {
        package let candidate: Int
        package let leaving: Int?

        package init(candidate: Int, leaving: Int?) {
            self.candidate = candidate
            self.leaving = leaving
        }
    }

    /// How long a client may say nothing at all while others wait.
    private static let firstWord = Duration.seconds(1)
    /// How long a client may be silent in the middle of a login while others wait.
    private static let silence = Duration.seconds(3)
    /// How long a login may take while others wait; the time in which the session checks passwords is not limited.
    private static let turn = Duration.seconds(10)
    /// The two above for a peer that has more places than the one that waits would have.
    private static let silenceOfMany = Duration.seconds(1)
    private static let turnOfMany = Duration.seconds(3)

    private let places: Int

    /// - Parameter places: how many connections may log in at once.
    package init(places: Int) {
        self.places = places
    }

    /// Finds the next turn.
    ///
    /// First come those whose peer has the fewest places, so that nobody gets more by opening more connections. Among
    /// them come those that have spoken, and among these the newest: under an attack from many addresses the oldest are
    /// those that wait for nothing.
    ///
    /// - Returns: nil when nobody waits, or all who have a place keep it for now.
    package func next(_ candidates: [Candidate], holders: [Holder]) -> Turn? {
        let held = holders.reduce(into: [Peer: Int]()) { $0[$1.peer, default: 0] += 1 }
        let order = candidates.indices.sorted { left, right in
            let (left, right) = (candidates[left], candidates[right])
            let (first, second) = (held[left.peer] ?? 0, held[right.peer] ?? 0)
            if first != second { return first < second }
            if left.hasSpoken != right.hasSpoken { return left.hasSpoken }
            return left.arrived > right.arrived
        }
        if holders.count < places { return order.first.map { Turn(candidate: $0, leaving: nil) } }
        for index in order {
            let leaving = holders.indices
                .filter { mustLeave(holders[$0], for: candidates[index], held) }
                .max { holders[$0].silence < holders[$1].silence }
            if let leaving { return Turn(candidate: index, leaving: leaving) }
        }
        return nil
    }

    private func mustLeave(_ holder: Holder, for candidate: Candidate, _ held: [Peer: Int]) -> Bool {
        let (theirs, own) = (held[holder.peer] ?? 0, held[candidate.peer] ?? 0)
        // Nobody gains from having more connections wait, or is pushed out by somebody who has more places.
        guard holder.peer == candidate.peer || theirs > own else { return false }
        guard holder.hasSpoken else { return holder.age >= LoginTurns.firstWord }
        // Who has said nothing may want nothing: it pushes out nobody who does.
        guard candidate.hasSpoken, !holder.isBusy else { return false }
        let haveMore = theirs > own + 1
        return holder.silence >= (haveMore ? LoginTurns.silenceOfMany : LoginTurns.silence)
            || holder.age >= (haveMore ? LoginTurns.turnOfMany : LoginTurns.turn)
    }
}

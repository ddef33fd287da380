import SSHTransport
import Server
import Testing

/// Who gets a place to log in when there are too many, without a socket or a clock.
@Suite struct LoginTurnsTests {
    private let turns = LoginTurns(places: 4)
    private let start = ContinuousClock.now
    private let alice = Peer.user(1)
    private let eve = Peer.user(2)

    private func waits(_ peer: Peer, spoken: Bool = true, at second: Int = 0) -> LoginTurns.Candidate {
        .init(peer: peer, hasSpoken: spoken, arrived: start + .seconds(second))
    }

    private func holds(
        _ peer: Peer, spoken: Bool = true, busy: Bool = false, silent: Double = 0, age: Double? = nil
    ) -> LoginTurns.Holder {
        .init(peer: peer, hasSpoken: spoken, isBusy: busy, silence: .seconds(silent), age: .seconds(age ?? silent))
    }

    private func four(_ holder: LoginTurns.Holder) -> [LoginTurns.Holder] { Array(repeating: holder, count: 4) }

    @Test func aFreePlaceIsForTheNextInOrder() {
        #expect(turns.next([], holders: []) == nil)
        #expect(turns.next([waits(eve)], holders: []) == .init(candidate: 0, leaving: nil))
        // The peer with fewer places, then who has spoken, then the newest.
        let some = [waits(eve, at: 9), waits(alice, spoken: false, at: 8), waits(alice, at: 1), waits(alice, at: 2)]
        #expect(turns.next(some, holders: [holds(eve)])?.candidate == 3)
        #expect(turns.next(Array(some.prefix(2)), holders: [holds(eve)])?.candidate == 1)
        #expect(turns.next(some, holders: [holds(alice), holds(alice), holds(eve)])?.candidate == 0)
    }

    @Test(arguments: [true, false]) func theSilentLeaveForAnybody(spoken: Bool) {
        let silent = four(holds(eve, spoken: false, silent: 1.1))
        for peer in [alice, eve] { #expect(turns.next([waits(peer, spoken: spoken)], holders: silent) != nil) }
        let fresh = four(holds(eve, spoken: false, silent: 0.5))
        for peer in [alice, eve] { #expect(turns.next([waits(peer, spoken: spoken)], holders: fresh) == nil) }
        // The one that has been silent longest.
        let mixed = [holds(eve, spoken: false, silent: 2), holds(eve, spoken: false, silent: 4)] + fresh.prefix(2)
        #expect(turns.next([waits(alice)], holders: mixed)?.leaving == 1)
    }

    @Test func whoStopsHalfWayLeaves() {
        for (silence, others, own) in [(0.5, false, false), (1.5, true, false), (3.5, true, true)] {
            let holders = four(holds(eve, silent: silence))
            #expect((turns.next([waits(alice)], holders: holders) != nil) == others, "\(silence)")
            #expect((turns.next([waits(eve)], holders: holders) != nil) == own, "\(silence)")
            // Who has said nothing pushes out nobody who has.
            #expect(turns.next([waits(alice, spoken: false)], holders: holders) == nil)
        }
        // A byte now and then does not keep a place.
        let slow = four(holds(eve, silent: 0.1, age: 5))
        #expect(turns.next([waits(alice)], holders: slow) != nil)
        #expect(turns.next([waits(eve)], holders: slow) == nil)
        #expect(turns.next([waits(eve)], holders: four(holds(eve, silent: 0.1, age: 11))) != nil)
    }

    @Test func whosePasswordIsCheckedStays() {
        let holders = four(holds(alice, busy: true, silent: 9, age: 20))
        for peer in [alice, eve] { #expect(turns.next([waits(peer)], holders: holders) == nil) }
    }

    @Test func nobodyIsPushedOutByWhoHasMore() {
        // Alice types her passphrase; eve holds the other places, and more of eve's wait.
        let holders = [holds(alice, silent: 9)] + Array(repeating: holds(eve, silent: 0.2), count: 3)
        #expect(turns.next([waits(eve)], holders: holders) == nil)
        let late = [holds(alice, silent: 9)] + Array(repeating: holds(eve, silent: 4), count: 3)
        #expect(turns.next([waits(eve)], holders: late).map { $0.leaving != 0 } == true)
    }

    /// Forty clients that send nothing more than a greeting, from as many users: the newest is served.
    @Test func theNewestOfManyPeersIsServed() {
        let crowd = (0..<40).map { waits(.user(UInt32(100 + $0)), at: $0) } + [waits(alice, at: 50)]
        let holders = (0..<4).map { holds(.user(UInt32(200 + $0)), silent: 5) }
        #expect(turns.next(crowd, holders: holders)?.candidate == 40)
        #expect(turns.next(crowd, holders: Array(holders.dropLast())) == .init(candidate: 40, leaving: nil))
    }

    @Test func peersOfTheNetworkAreTold() {
        #expect(Peer.network([10, 0, 0, 1]).description == "10.0.0.1")
        #expect(Peer.network([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1]).description == "20.1.d.b8.0.0.0.1/64")
        #expect(Peer.network([10, 0, 0, 1]).isNetwork && !Peer.user(0).isNetwork && !Peer.unknownUser.isNetwork)
    }
}

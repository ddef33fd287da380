import Foundation
import Server
import Testing

/// The listener's decisions about opened keys.
@Suite struct KeyBrokerTests {
    @Test func oneOpensAndTheOthersWait() {
        var broker = KeyBroker()
        #expect(broker.want("a", by: 1) == [.open(1)])
        #expect(broker.want("a", by: 2) == [])
        #expect(broker.want("a", by: 3) == [])
        #expect(broker.want("b", by: 4) == [.open(4)])
        #expect(broker.opened("a", by: 1) == [.connect(holder: 1, taker: 2), .connect(holder: 1, taker: 3)])
        #expect(broker.want("a", by: 5) == [.connect(holder: 1, taker: 5)])
    }

    @Test func whoeverHasTheKeyHandsItOn() {
        var broker = KeyBroker()
        _ = broker.want("a", by: 1)
        _ = broker.opened("a", by: 1)
        _ = broker.want("a", by: 2)
        #expect(broker.opened("a", by: 2) == [])
        #expect(broker.ended(1) == [])
        #expect(broker.want("a", by: 3) == [.connect(holder: 2, taker: 3)])
        _ = broker.ended(3)
        #expect(broker.ended(2) == [])
        #expect(broker.want("a", by: 4) == [.open(4)], "nobody has it any more")
    }

    @Test(arguments: [true, false]) func thoseThatWaitForOneThatFailsOpenItThemselves(waiterEnds: Bool) {
        var broker = KeyBroker()
        _ = broker.want("a", by: 1)
        _ = broker.want("a", by: 2)
        _ = broker.want("a", by: 3)
        if waiterEnds { #expect(broker.ended(2) == []) }
        #expect(broker.ended(1) == (waiterEnds ? [.open(3)] : [.open(2), .open(3)]))
        #expect(broker.opened("a", by: 3) == [])
        #expect(broker.want("a", by: 4) == [.connect(holder: 3, taker: 4)])
    }
}

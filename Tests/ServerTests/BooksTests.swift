import Foundation
import SFTP
import SSHTransport
import Server
import TestSupport
import Testing
import Vault

/// What the listener keeps beyond a connection, at any time that it likes.
@Suite struct BooksTests {
    private static let now = ContinuousClock.now

    private func object(_ inode: UInt64, _ change: Int = 0) -> FileIdentity {
        FileIdentity(device: 1, inode: inode, seconds: change, nanoseconds: 0)
    }

    @Test func aBookingIsOfOneLoginAndOneStateAndEnds() {
        var books = Bookings()
        let mine = Bookings.Holder.key(account: "alice", fingerprint: "A")
        let other = Bookings.Holder.key(account: "alice", fingerprint: "B")
        let foreign = Bookings.Holder.key(account: "bob", fingerprint: "A")
        books.book(object(5, 1), after: nil, size: 7, by: mine, now: Self.now)
        #expect(books.booking(of: object(5, 1), for: mine, now: Self.now) == Booking(isOwn: true, size: 7))
        #expect(books.booking(of: object(5, 1), for: other, now: Self.now) == Booking(isOwn: false, size: 7))
        #expect(books.booking(of: object(5, 1), for: foreign, now: Self.now) == .none)
        #expect(books.booking(of: object(5, 2), for: mine, now: Self.now) == .none)
        // Another login, or another state, is not followed; this one's is, and does not begin anew.
        books.book(object(5, 3), after: object(5, 1), size: nil, by: other, now: Self.now)
        books.book(object(5, 3), after: object(5, 2), size: nil, by: mine, now: Self.now)
        #expect(books.booking(of: object(5, 3), for: mine, now: Self.now) == .none)
        let late = Self.now + .seconds(800)
        books.book(object(5, 4), after: object(5, 1), size: nil, by: mine, now: late)
        #expect(books.booking(of: object(5, 4), for: mine, now: late) == Booking(isOwn: true, size: 7))
        let over = Self.now + .seconds(900)
        #expect(!books.booking(of: object(5, 4), for: mine, now: over).isOwn)
        books.expire(now: over)
        #expect(books.booking(of: object(5, 4), for: mine, now: over) == .none)
        books.book(object(6), after: nil, size: nil, by: mine, now: Self.now)
        books.strike(object(6, 9), in: "alice")
        #expect(books.booking(of: object(6), for: mine, now: Self.now) == .none)
    }

    @Test func aSessionGivesBackNoMoreThanItHasTaken() {
        var budgets = Budgets()
        let limits = Budgets.Limits(bytes: 1000, objects: 10)
        var one = Budgets.Hold()
        var two = Budgets.Hold()
        #expect(budgets.take(Usage(bytes: 1), for: "a", &one, limits, free: nil) == .count)
        budgets.counted(Usage(bytes: 400, objects: 4), of: "a", holds: [one, two])
        #expect(budgets.take(Usage(bytes: 500, objects: 1), for: "a", &one, limits, free: nil) == .granted(500))
        #expect(budgets.take(Usage(bytes: 100, objects: 1), for: "a", &two, limits, free: nil) == .granted(100))
        #expect(isRefused(budgets.take(Usage(bytes: 1), for: "a", &two, limits, free: nil)))
        budgets.giveBack(Usage(bytes: 900_000, objects: 900), for: "a", &two)
        #expect(two == Budgets.Hold())
        #expect(isRefused(budgets.take(Usage(bytes: 101), for: "a", &two, limits, free: nil)))
        #expect(budgets.take(Usage(bytes: 100), for: "a", &two, limits, free: nil) == .granted(100))
        // What is settled stays used when the session has gone.
        budgets.settle(Usage(bytes: 500, objects: 1), for: "a", &one)
        budgets.giveBack(one.taken, for: "a", &one)
        #expect(isRefused(budgets.take(Usage(bytes: 1), for: "a", &one, limits, free: nil)))
        budgets.removed(Usage(bytes: 500, objects: 1), for: "a")
        #expect(budgets.take(Usage(bytes: 500), for: "a", &one, limits, free: nil) == .granted(500))
        // Objects are limited for themselves.
        #expect(isRefused(budgets.take(Usage(bytes: 0, objects: 7), for: "a", &one, limits, free: nil)))
    }

    /// Sessions go on while files are counted, so that too much may be counted, and never too little.
    @Test func whatIsStoredDuringACountCounts() {
        var budgets = Budgets()
        let limits = Budgets.Limits(bytes: 1000, objects: nil)
        var hold = Budgets.Hold()
        let now = Self.now
        #expect(budgets.take(Usage(bytes: 300), for: "a", &hold, limits, free: nil, now: now) == .count)
        budgets.counted(Usage(), of: "a", holds: [hold], now: now)
        #expect(budgets.take(Usage(bytes: 300), for: "a", &hold, limits, free: nil, now: now) == .granted(300))
        budgets.changedByOwner("a")
        #expect(budgets.take(Usage(bytes: 1), for: "a", &hold, limits, free: nil, now: now) == .count)
        budgets.settle(Usage(bytes: 200), for: "a", &hold)
        budgets.counted(Usage(bytes: 200), of: "a", holds: [hold], now: now)
        #expect(budgets.room(of: "a", limits, free: 10_000) == Room(most: 1000, free: 500, freeObjects: nil))
        // Some seconds later a refusal is not believed without another count.
        #expect(isRefused(budgets.take(Usage(bytes: 501), for: "a", &hold, limits, free: nil, now: now)))
        let later = now + .seconds(3)
        #expect(budgets.take(Usage(bytes: 501), for: "a", &hold, limits, free: nil, now: later) == .count)
        budgets.counted(Usage(bytes: 200), of: "a", holds: [hold], now: later)
        #expect(budgets.take(Usage(bytes: 501), for: "a", &hold, limits, free: nil, now: later) == .granted(501))
    }

    @Test func theDiskIsNotFilledEither() {
        var budgets = Budgets()
        var hold = Budgets.Hold()
        let none = Budgets.Limits(bytes: nil, objects: nil)
        #expect(budgets.take(Usage(bytes: 100, objects: 1), for: "a", &hold, none, free: 100) == .granted(100))
        #expect(isRefused(budgets.take(Usage(bytes: 101), for: "a", &hold, none, free: 100)))
        #expect(budgets.room(of: "a", none, free: 5) == Room(most: nil, free: 5, freeObjects: nil))
    }

    private func isRefused(_ decision: Budgets.Decision) -> Bool {
        if case .refused = decision { true } else { false }
    }

    @Test func aVisitLastsAQuarterOfAnHourLongerThanItsConnections() throws {
        let scratch = try Scratch()
        let home = try Directory(path: scratch.url.path)
        let visits = Visits()
        func begin(_ process: pid_t, _ password: UInt8, _ peer: Peer = .user(1)) throws -> Visits.Visit {
            try visits.begin(account: "drop", password: [password], peer: peer, in: home, connection: process)
        }
        func put(_ visit: Visits.Visit) throws {
            try scratch.file(String(decoding: visit.name, as: UTF8.self) + "/x.gpg", Data([1]))
        }
        let one = try begin(1, 1)
        #expect(try begin(2, 1).number == one.number)
        let other = try begin(3, 2)
        let elsewhere = try begin(4, 1, .user(2))
        #expect(Set([one, other, elsewhere].map(\.number)).count == 3)
        #expect(try home.names().count == 3)
        try put(one)
        #expect(visits.ended(connection: 1, now: Self.now).isEmpty)
        #expect(visits.ended(connection: 2, now: Self.now).isEmpty)
        // An empty one is over, and its directory gone.
        #expect(visits.ended(connection: 3, now: Self.now).map(\.number) == [other.number])
        #expect(visits.ended(connection: 4, now: Self.now).map(\.number) == [elsewhere.number])
        #expect(try home.names() == [one.name])
        #expect(visits.expire(now: Self.now + .seconds(899)).isEmpty)
        #expect(try begin(5, 1).number == one.number)
        #expect(visits.expire(now: Self.now + .seconds(2000)).isEmpty)
        _ = visits.ended(connection: 5, now: Self.now)
        #expect(visits.expire(now: Self.now + .seconds(901)).map(\.number) == [one.number])
        #expect(try home.names() == [one.name])
        #expect(try begin(6, 1).number != one.number)
        // What another server has left is removed where it is empty.
        try FileManager.default.createDirectory(
            atPath: scratch.path("2026-11-26 10.12 kx7q"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: scratch.path("2026-11-26 mine"), withIntermediateDirectories: true)
        Visits.sweep(home)
        #expect(
            try Set(home.names().map { String(decoding: $0, as: UTF8.self) })
                == ["2026-11-26 mine", String(decoding: one.name, as: UTF8.self)])
    }
}

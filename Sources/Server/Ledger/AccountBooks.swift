internal import Foundation
internal import Platform
internal import SFTP
internal import ServerConfiguration
internal import Vault

/// The listener's books of all accounts: visits, bookings and budgets, which outlive connections.
///
/// It answers the questions of sessions about them. For the use of one thread.
final class AccountBooks {
    private let visits = Visits()
    private var bookings = Bookings()
    private var budgets = Budgets()
    private let counter: UsageCounter
    /// The accounts whose files are being counted.
    private var counting: Set<String> = []
    /// The questions that wait for a count.
    private var waiting: [(record: SessionRecord, question: Question)] = []
    private var expired = ContinuousClock.now

    /// - Throws: `SystemError` when there are no descriptors left.
    init() throws(SystemError) {
        counter = try UsageCounter()
    }

    /// Readable when ``answersAfterCounts(_:_:)`` has something to do.
    var descriptor: Int32 { counter.ended.raw }

    /// Removes the empty directories that visits have left when a server was killed.
    func sweep(_ configuration: Configuration) {
        for account in configuration.accounts where account.access == .wo {
            if let home = try? Directory(path: configuration.directory(of: account).path) { Visits.sweep(home) }
        }
    }

    /// Answers a question of a session.
    ///
    /// - Parameter sessions: all there are.
    /// - Returns: nil when the answer has to wait for a count of files.
    func answer(
        _ question: Question, of record: SessionRecord, _ configuration: Configuration, _ sessions: [SessionRecord]
    ) -> Answer? {
        guard let name = record.user, let account = configuration.account(named: name) else {
            return .refused("nobody has logged in, or there is no such user any more")
        }
        switch question {
        case .failedLogin: return .refused("somebody has logged in")
        case .visit(let asked, let password):
            guard asked == name, account.access == .wo, record.holder == nil, !record.isOwner else {
                return .refused("this login is no visit")
            }
            return begin(account, password, record, configuration)
        case .key(let asked, let fingerprint):
            guard asked == name, record.holder == nil, !record.isOwner else {
                return .refused("this login is not by a public key")
            }
            record.holder = .key(account: name, fingerprint: fingerprint)
        case .booking(let object):
            return .booking(record.holder.map { bookings.booking(of: object, for: $0) } ?? .none)
        case .book(let object, let former, let size):
            if let holder = record.holder { bookings.book(object, after: former, size: size, by: holder) }
        case .take(let amount, let unwritten):
            record.hold.unwritten = min(unwritten, record.hold.taken.bytes)
            let decision = budgets.take(
                amount, for: name, &record.hold, limits(account), free: free(configuration, sessions))
            switch decision {
            case .granted(let bytes):
                let (unwritten, overflow) = record.hold.unwritten.addingReportingOverflow(bytes)
                record.hold.unwritten = overflow ? .max : unwritten
                return .granted(bytes)
            case .refused(let reason): return .refused(reason)
            case .count: return wait(question, record, account, configuration)
            }
        case .settle(let amount): budgets.settle(amount, for: name, &record.hold)
        case .giveBack(let amount): budgets.giveBack(amount, for: name, &record.hold)
        case .removed(let object, let amount):
            bookings.strike(object, in: name)
            budgets.removed(amount, for: name)
        case .room:
            if let room = budgets.room(of: name, limits(account), free: free(configuration, sessions)) {
                return .room(room)
            }
            return wait(question, record, account, configuration)
        }
        return .done
    }

    private func begin(
        _ account: Account, _ password: [UInt8], _ record: SessionRecord, _ configuration: Configuration
    ) -> Answer {
        do throws(FileSystemError) {
            let visit = try visits.begin(
                account: account.name, password: password, peer: record.peer,
                in: Directory(path: configuration.directory(of: account).path), connection: record.process)
            record.holder = .visit(account: account.name, visit.number)
            return .visit(visit.name, visit.identity)
        } catch {
            return .refused("no directory can be made for the visit: \(error.message)")
        }
    }

    private func limits(_ account: Account) -> Budgets.Limits {
        Budgets.Limits(
            bytes: account.maxMegabytes.map { UInt64($0) << 20 }, objects: account.maxFiles.map { UInt64($0) })
    }

    /// The bytes of the file system that no session has taken yet, without the reserve; nil when it does not tell.
    private func free(_ configuration: Configuration, _ sessions: [SessionRecord]) -> UInt64? {
        // Some FUSE drivers say nothing of their size.
        guard let figures = try? Directory(path: configuration.data.path).statistics(), figures.blocks > 0 else {
            return nil
        }
        let block = max(figures.fragmentSize, 1)
        let (available, overflow) = figures.availableBlocks.multipliedReportingOverflow(by: block)
        guard !overflow else { return nil }
        let all = figures.blocks.multipliedReportingOverflow(by: block)
        var reserve = UInt64(configuration.limits.reserveMegabytes) << 20
        if configuration.limits.reserveMegabytes == ServerLimits.standardReserve, !all.overflow {
            reserve = min(reserve, all.partialValue / 10)
        }
        // What is subtracted one after the other cannot overflow, whatever sessions have said.
        return sessions.reduce(available - min(available, reserve)) { $0 - min($0, $1.hold.unwritten) }
    }

    // MARK: Counts

    private func wait(
        _ question: Question, _ record: SessionRecord, _ account: Account, _ configuration: Configuration
    ) -> Answer? {
        waiting.append((record, question))
        if counting.insert(account.name).inserted {
            counter.start(account.name, configuration.directory(of: account).path)
        }
        return nil
    }

    /// Answers the questions that have waited for counts which have ended.
    func answersAfterCounts(
        _ configuration: Configuration, _ sessions: [SessionRecord]
    ) -> [(record: SessionRecord, answer: Answer)] {
        for (account, usage) in counter.take() {
            counting.remove(account)
            budgets.counted(usage, of: account, holds: sessions.filter { $0.user == account }.map(\.hold))
        }
        let (asked, alive) = (waiting, Set(sessions.map(\.process)))
        waiting = []
        return asked.compactMap { record, question in
            guard alive.contains(record.process) else { return nil }
            return answer(question, of: record, configuration, sessions).map { (record, $0) }
        }
    }

    // MARK: Ends

    /// Follows an upload of an account's owner.
    func changedByOwner(_ account: String) { budgets.changedByOwner(account) }

    /// Follows the end of a session.
    ///
    /// - Parameter sessions: those that are left.
    func ended(_ record: SessionRecord, _ sessions: [SessionRecord]) {
        if let user = record.user {
            budgets.giveBack(record.hold.taken, for: user, &record.hold)
            if !sessions.contains(where: { $0.user == user && !$0.isOwner }) { budgets.forget(user) }
        }
        end(visits.ended(connection: record.process))
    }

    /// Ends what has lasted long enough.
    func expire() {
        guard ContinuousClock.now - expired >= .seconds(1) else { return }
        expired = .now
        bookings.expire()
        end(visits.expire())
    }

    private func end(_ visits: [Visits.Visit]) {
        for visit in visits { bookings.end(.visit(account: visit.account, visit.number)) }
    }
}

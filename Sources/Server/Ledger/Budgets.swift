private import SFTP
package import Vault

/// The room that the accounts' files take, for sessions that are not the owner's.
///
/// What a session has taken and not settled is given back when it ends.
package struct Budgets {
    /// What an account may use; nil where there is no limit.
    package struct Limits: Equatable, Sendable {
        package let bytes: UInt64?
        package let objects: UInt64?

        package init(bytes: UInt64?, objects: UInt64?) {
            self.bytes = bytes
            self.objects = objects
        }
    }

    /// What a session holds.
    package struct Hold: Equatable, Sendable {
        /// Taken, and neither settled nor given back.
        package internal(set) var taken = Usage()
        /// Bytes of it that the session has not written to the disk yet, when it asked last.
        package internal(set) var unwritten: UInt64 = 0

        package init() {}
    }

    package enum Decision: Equatable, Sendable {
        /// So many bytes were taken.
        case granted(UInt64)
        case refused(String)
        /// The account's files have to be counted first: see ``counted(_:of:holds:)``.
        case count
    }

    private struct Entry {
        /// Files and directories of the home, and what sessions have taken.
        var used: Usage?
        /// Whether the owner has changed something since the files were counted.
        var isStale = false
        /// What was settled since a count has begun, which may have seen it or not; nil while none is under way.
        var settledMeanwhile: Usage?
        var counted: ContinuousClock.Instant?
    }

    /// Bytes that are taken at once while there is much more room than that.
    private static let step: UInt64 = 4 << 20
    /// How long a count is believed when there is no room by it: somebody may have removed files without the server.
    private static let belief = Duration.seconds(2)

    private var entries: [String: Entry] = [:]

    package init() {}

    /// Takes room; see ``Vault/Ledger/take(_:unwritten:)``.
    ///
    /// - Parameters:
    ///   - hold: what the session holds; changed when the room is granted.
    ///   - limits: the account's.
    ///   - free: bytes of the file system that no session has taken, without the reserve; nil when that is not known.
    package mutating func take(
        _ amount: Usage, for account: String, _ hold: inout Hold, _ limits: Limits, free: UInt64?,
        now: ContinuousClock.Instant = .now
    ) -> Decision {
        if let free, amount.bytes > free {
            return .refused("the disk is nearly full, and the rest of it is kept free: ask the owner to make room")
        }
        guard limits.bytes != nil || limits.objects != nil else {
            hold.taken.add(amount)
            return .granted(amount.bytes)
        }
        var entry = entries[account] ?? Entry()
        guard let used = entry.used, !entry.isStale else { return startCount(account, entry) }
        let bytesLeft = limits.bytes.map { $0 - min($0, used.bytes) } ?? .max
        let objectsLeft = limits.objects.map { $0 - min($0, used.objects) } ?? .max
        guard amount.bytes <= bytesLeft, amount.objects <= objectsLeft else {
            if let counted = entry.counted, now - counted >= Budgets.belief { return startCount(account, entry) }
            return .refused(Budgets.reason(amount.bytes > bytesLeft ? limits.bytes : nil, limits.objects))
        }
        // Near the limit nothing is taken in advance: another session may need it.
        let rest = min(bytesLeft, free ?? .max) - amount.bytes
        let ahead = amount.bytes > 0 && rest > 64 * Budgets.step ? Budgets.step : 0
        let granted = Usage(bytes: amount.bytes + ahead, objects: amount.objects)
        hold.taken.add(granted)
        entry.used?.add(granted)
        entries[account] = entry
        return .granted(granted.bytes)
    }

    private mutating func startCount(_ account: String, _ entry: Entry) -> Decision {
        var entry = entry
        entry.isStale = false
        entry.used = nil
        if entry.settledMeanwhile == nil { entry.settledMeanwhile = Usage() }
        entries[account] = entry
        return .count
    }

    private static func reason(_ bytes: UInt64?, _ objects: UInt64?) -> String {
        if let bytes {
            return "this box is full: it takes up to \(bytes >> 20) MB; ask its owner to make room, or to raise "
                + "max_megabytes"
        }
        return "this box is full: it takes up to \(objects ?? 0) files and directories; ask its owner to make room, or "
            + "to raise max_files"
    }

    /// Ends a count.
    ///
    /// Files that were stored while it ran may have been counted, and count once more: too much is refused rather than
    /// too little, until the next count.
    ///
    /// - Parameters:
    ///   - usage: what was found in the home.
    ///   - holds: those of all sessions of the account.
    package mutating func counted(
        _ usage: Usage, of account: String, holds: [Hold], now: ContinuousClock.Instant = .now
    ) {
        guard var entry = entries[account], let meanwhile = entry.settledMeanwhile else { return }
        var used = usage
        used.add(meanwhile)
        for hold in holds { used.add(hold.taken) }
        entry.used = used
        entry.settledMeanwhile = nil
        entry.counted = now
        entries[account] = entry
    }

    /// See ``Vault/Ledger/settle(_:)``; a session cannot settle more than it has taken.
    package mutating func settle(_ amount: Usage, for account: String, _ hold: inout Hold) {
        let settled = hold.taken.remove(amount)
        hold.unwritten -= min(hold.unwritten, settled.bytes)
        entries[account]?.settledMeanwhile?.add(settled)
    }

    /// See ``Vault/Ledger/giveBack(_:)``; a session cannot give back more than it has taken.
    package mutating func giveBack(_ amount: Usage, for account: String, _ hold: inout Hold) {
        let given = hold.taken.remove(amount)
        hold.unwritten -= min(hold.unwritten, given.bytes)
        _ = entries[account]?.used?.remove(given)
    }

    /// Follows the removal of files.
    package mutating func removed(_ amount: Usage, for account: String) {
        _ = entries[account]?.used?.remove(amount)
    }

    /// Follows an upload of the owner, whose files count but are not asked about.
    package mutating func changedByOwner(_ account: String) {
        entries[account]?.isStale = true
    }

    /// Follows the end of the last session of an account that asks for room: the next one has the files counted.
    package mutating func forget(_ account: String) {
        entries[account] = nil
    }

    /// The room that is left; nil while the files have to be counted first.
    package mutating func room(of account: String, _ limits: Limits, free: UInt64?) -> Room? {
        let disk = free ?? .max
        guard limits.bytes != nil || limits.objects != nil else {
            return Room(most: nil, free: disk, freeObjects: nil)
        }
        let entry = entries[account] ?? Entry()
        guard let used = entry.used, !entry.isStale else {
            _ = startCount(account, entry)
            return nil
        }
        return Room(
            most: limits.bytes, free: min(disk, limits.bytes.map { $0 - min($0, used.bytes) } ?? .max),
            freeObjects: limits.objects.map { $0 - min($0, used.objects) })
    }
}

extension Usage {
    fileprivate mutating func add(_ other: Usage) {
        bytes = bytes.addingReportingOverflow(other.bytes).overflow ? .max : bytes + other.bytes
        objects = objects.addingReportingOverflow(other.objects).overflow ? .max : objects + other.objects
    }

    /// Takes away as much of `other` as there is.
    ///
    /// - Returns: what was taken away.
    fileprivate mutating func remove(_ other: Usage) -> Usage {
        let part = Usage(bytes: min(bytes, other.bytes), objects: min(objects, other.objects))
        bytes -= part.bytes
        objects -= part.objects
        return part
    }
}

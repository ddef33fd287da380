package import Vault

/// Who has stored which objects: what a login by public key may change for a while, over all its connections.
package struct Bookings {
    /// A login, whatever number of connections it has.
    package enum Holder: Hashable, Sendable {
        /// Of a public key, by its fingerprint.
        case key(account: String, fingerprint: String)
        /// Of a visit, by its number.
        case visit(account: String, UInt64)

        var account: String {
            switch self {
            case .key(let account, _), .visit(let account, _): account
            }
        }
    }

    private struct Place: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ object: FileIdentity) {
            device = object.device
            inode = object.inode
        }
    }

    private struct Entry {
        var object: FileIdentity
        let holder: Holder
        let size: UInt64?
        let stored: ContinuousClock.Instant
    }

    /// How long a login may change what it has stored.
    package static let lifetime = Duration.seconds(900)
    /// The objects of one account that are booked at a time.
    ///
    /// When there are more, all of the account's are forgotten: then they cannot be changed any more.
    private static let capacity = 100_000

    private var entries: [String: [Place: Entry]] = [:]

    package init() {}

    /// Books an object; see ``Vault/Ledger/book(_:after:size:)``.
    package mutating func book(
        _ object: FileIdentity, after former: FileIdentity?, size: UInt64?, by holder: Holder,
        now: ContinuousClock.Instant = .now
    ) {
        var account = entries[holder.account] ?? [:]
        // So that the dictionary is not copied.
        entries[holder.account] = nil
        defer { entries[holder.account] = account }
        if let former {
            let place = Place(former)
            guard let entry = account[place], entry.object == former, entry.holder == holder else { return }
            account[place] = nil
            account[Place(object)] = Entry(object: object, holder: holder, size: entry.size, stored: entry.stored)
            return
        }
        if account.count >= Bookings.capacity { account = [:] }
        account[Place(object)] = Entry(object: object, holder: holder, size: size, stored: now)
    }

    /// What is known of an object, as `holder` is told.
    package func booking(
        of object: FileIdentity, for holder: Holder, now: ContinuousClock.Instant = .now
    ) -> Booking {
        guard let entry = entries[holder.account]?[Place(object)], entry.object == object else { return .none }
        let isOwn = entry.holder == holder && now - entry.stored < Bookings.lifetime
        return Booking(isOwn: isOwn, size: entry.size)
    }

    /// Forgets an object that is gone.
    package mutating func strike(_ object: FileIdentity, in account: String) {
        entries[account]?[Place(object)] = nil
    }

    /// Forgets what a visit has stored.
    package mutating func end(_ holder: Holder) {
        entries[holder.account] = entries[holder.account]?.filter { $1.holder != holder }
        if entries[holder.account]?.isEmpty == true { entries[holder.account] = nil }
    }

    /// Forgets what no login may change any more.
    package mutating func expire(now: ContinuousClock.Instant = .now) {
        for (account, objects) in entries {
            let left = objects.filter { _, entry in
                if case .visit = entry.holder { return true }
                return now - entry.stored < Bookings.lifetime
            }
            if left.count != objects.count { entries[account] = left.isEmpty ? nil : left }
        }
    }
}

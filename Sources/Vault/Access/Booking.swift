/// What a ``Ledger`` knows of one stored file or directory.
package struct Booking: Equatable, Sendable {
    /// Whether the session may change the object: the same login has stored it, not long ago.
    package let isOwn: Bool
    /// The plaintext size in bytes; nil when nobody has told it.
    package let size: UInt64?

    package init(isOwn: Bool, size: UInt64?) {
        self.isOwn = isOwn
        self.size = size
    }

    /// Of an object that is not booked.
    package static let none = Booking(isOwn: false, size: nil)
}

/// What a session sees of its home directory, and may change in it.
package enum View: Sendable, Equatable, Codable {
    /// The owner's view: plaintext, and everything may be changed.
    case plaintext
    /// The view of a visit to a write-only account: ciphertext of what is in the visit's own directory, in which
    /// everything may be changed.
    case visit
    /// The view of a login by public key: ciphertext of the whole home.
    ///
    /// It adds, and changes only what its ``Ledger`` has booked as its own.
    case addOnly(OnExists)

    /// What an upload of a session that adds does when a file that is not its own has the name.
    package enum OnExists: String, CaseIterable, Codable, Sendable {
        /// It takes the name; the older file stays beside it, under a name with its own time.
        case keep
        /// It fails.
        case refuse
    }
}

package import SFTP

/// What outlives a connection and is shared by all of an account: who stored what, and how much room is left.
///
/// The listener holds it; a session asks it. Objects are named by a status that was taken from a descriptor, never by a
/// path.
package protocol Ledger: AnyObject {
    /// What is known of an object in the state that it has now.
    func booking(of object: FileIdentity) -> Booking

    /// Books an object as this login's own.
    ///
    /// - Parameters:
    ///   - object: the object as it is now.
    ///   - former: the same object before this session has changed it: then it stays booked since it was stored, and
    ///     only if it was; nil for an object that this session has just stored.
    ///   - size: the plaintext size in bytes of a file that was just stored.
    func book(_ object: FileIdentity, after former: FileIdentity?, size: UInt64?)

    /// Takes room from the account's budget.
    ///
    /// What was taken and neither settled nor given back ends with the session.
    ///
    /// - Parameters:
    ///   - amount: what is needed.
    ///   - unwritten: the bytes that this session has taken before and not written to the disk yet.
    /// - Returns: the bytes that were taken: as many as were needed, or some more, to ask less often.
    /// - Throws: ``SFTP/FileSystemError/failure(_:)`` when there is less room; then nothing is taken.
    func take(_ amount: Usage, unwritten: UInt64) throws(FileSystemError) -> UInt64

    /// Tells that room which was taken is used now, by a file or directory that has its name.
    func settle(_ amount: Usage)

    /// Gives back room that was taken and is not used.
    func giveBack(_ amount: Usage)

    /// Tells that a file or directory is gone, whoever has stored it: its inode number may be used again.
    ///
    /// - Parameter amount: what it has taken of the account's budget.
    func removed(_ object: FileIdentity, _ amount: Usage)

    /// The room that is left; nil when it is not known.
    func room() -> Room?
}

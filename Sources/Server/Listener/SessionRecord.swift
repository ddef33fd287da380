internal import Foundation
internal import Platform

/// What the listener knows about one connection and its two processes.
final class SessionRecord {
    /// The monitor, and the group of all processes of the connection.
    let process: pid_t
    let peer: String
    let started = ContinuousClock.now
    /// The link of the monitor, which is believed.
    let monitor: LinkEnd
    /// The link of the session, which may be compromised.
    let session: LinkEnd
    /// For the listener's instructions about opened keys.
    let instructions: MessageSocket
    /// What both, and gpg, write to standard error.
    let errors: ErrorLines
    /// The user who has logged in; nil before the login.
    var user: String?
    /// Whether that is the owner's login.
    var isOwner = false
    /// The file of the user's public keys as it was when somebody else than the owner has logged in.
    var keys: FileStamp?
    /// Who has stored what the session stores; nil for the owner.
    var holder: Bookings.Holder?
    /// The room that the session has taken.
    var hold = Budgets.Hold()
    /// The process that waits for an answer.
    var asker: LinkEnd?
    /// Descriptions of the transfers that are open, by their numbers.
    var transfers: [UInt64: String] = [:]
    /// Whether the listener has killed the processes: then their end is no error.
    var isKilled = false

    init(
        process: pid_t, peer: String, monitor: LinkEnd, session: LinkEnd, instructions: MessageSocket,
        errors: ErrorLines
    ) {
        self.process = process
        self.peer = peer
        self.monitor = monitor
        self.session = session
        self.instructions = instructions
        self.errors = errors
    }

    /// The descriptors to wait on.
    var descriptors: [Int32] {
        (monitor.isOpen ? [monitor.descriptor.raw] : []) + (session.isOpen ? [session.descriptor.raw] : [])
            + (errors.isOpen ? [errors.descriptor.raw] : [])
    }
}

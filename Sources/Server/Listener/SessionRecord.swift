private import CLinux
internal import Foundation
internal import Platform
internal import SSHTransport

/// What the listener knows about one connection and its two processes.
final class SessionRecord {
    /// The monitor, and the group of all processes of the connection.
    let process: pid_t
    let peer: Peer
    /// The client's address.
    let address: String
    let started = ContinuousClock.now
    /// The client's socket, as long as the listener looks whether the client is slow to log in.
    private var connection: OwnedDescriptor?
    /// Whether the session checks a password, as it has said; until then, and afterwards, the client has to go on.
    var isBusy = false { didSet { lastEvent = .now } }
    private var lastEvent = ContinuousClock.now
    /// The link of the monitor, which is believed.
    let monitor: LinkEnd
    /// The link of the session, which may be compromised.
    let session: LinkEnd
    /// For the listener's instructions about opened keys.
    let instructions: MessageSocket
    /// What both, and gpg, write to standard error.
    let errors: ErrorLines
    /// The user who has logged in; nil before the login.
    private(set) var user: String?
    /// Whether that is the owner's login.
    private(set) var isOwner = false
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
        process: pid_t, _ connection: IncomingConnection, monitor: LinkEnd, session: LinkEnd,
        instructions: MessageSocket, errors: ErrorLines
    ) {
        self.process = process
        peer = connection.peer
        address = connection.address
        self.connection = connection.socket
        self.monitor = monitor
        self.session = session
        self.instructions = instructions
        self.errors = errors
    }

    func loggedIn(as user: String, isOwner: Bool) {
        self.user = user
        self.isOwner = isOwner
        isBusy = false
        connection = nil
    }

    /// What the session looks like to ``LoginTurns`` before its login.
    var turn: LoginTurns.Holder {
        let now = ContinuousClock.now
        var (bytes, silence): (UInt64, UInt32) = (0, 0)
        if let connection { linux_tcp_received(connection.raw, &bytes, &silence) }
        // What the client sent while it waited for its turn does not count against it.
        let silent = min(.milliseconds(Int64(silence)), now - lastEvent)
        return .init(
            peer: peer, hasSpoken: bytes > 0, isBusy: isBusy, silence: bytes > 0 ? silent : now - started,
            age: now - started)
    }

    /// The descriptors to wait on.
    var descriptors: [Int32] {
        (monitor.isOpen ? [monitor.descriptor.raw] : []) + (session.isOpen ? [session.descriptor.raw] : [])
            + (errors.isOpen ? [errors.descriptor.raw] : [])
    }
}

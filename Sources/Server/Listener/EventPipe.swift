private import Platform

/// A session's end of the pipe to the listener.
///
/// One thread writes to it, so that events do not mix.
struct EventPipe: Sendable {
    let descriptor: Int32

    /// Writes an event.
    ///
    /// An error is ignored: then the listener has ended, and the kernel tells this process so (`PR_SET_PDEATHSIG`).
    func send(_ event: Event) {
        event.packet.withUnsafeBytes { try? FileIO.writeAll($0, to: descriptor) }
    }
}

private import CLinux
private import Foundation
private import Vault

/// Ctrl-C (SIGINT, SIGTERM or SIGHUP) as a flag: a command checks it where it leaves nothing half done.
///
/// While this object exists the signals are blocked, also in gpg, so that gpg is not killed in the middle of a write.
/// The C function is `signalfd`.
final class Interruption {
    private let signals: Int32
    private var isRequested = false

    init() {
        signals = linux_signal_descriptor([SIGINT, SIGTERM, SIGHUP], 3)
        // A reader that closes the pipe causes an error of write, not a signal.
        signal(SIGPIPE, SIG_IGN)
    }

    deinit { close(signals) }

    /// Throws `Interrupted` if a signal has arrived.
    func check() throws {
        if linux_next_signal(signals) != 0 { isRequested = true }
        if isRequested { throw Interrupted() }
    }

    /// Whether a signal has arrived.
    var isDue: Bool { (try? check()) == nil }

    /// Waits until a descriptor can be written.
    ///
    /// - Throws: `Interrupted` when a signal arrives first.
    func waitToWrite(_ descriptor: Int32) throws {
        while true {
            try check()
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&waiting, 2, -1) > 0, waiting[0].revents != 0 { return }
        }
    }
}

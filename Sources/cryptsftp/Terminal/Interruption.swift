private import CLinux
private import Foundation
private import Vault

/// Ctrl-C, and its like, as something that is asked for: work ends where it leaves nothing half done.
///
/// From its making on the signals are blocked, for what this process starts, too: gpg does not end under a write.
final class Interruption {
    private let signals: Int32
    private var isRequested = false

    init() {
        signals = linux_signal_descriptor([SIGINT, SIGTERM, SIGHUP], 3)
        // Somebody who reads no further is an error of writing, not the end.
        signal(SIGPIPE, SIG_IGN)
    }

    deinit { close(signals) }

    /// Throws ``Interrupted`` when it is time to stop.
    func check() throws {
        if linux_next_signal(signals) != 0 { isRequested = true }
        if isRequested { throw Interrupted() }
    }

    /// Whether it is time to stop.
    var isDue: Bool { (try? check()) == nil }

    /// Waits until a descriptor takes bytes.
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

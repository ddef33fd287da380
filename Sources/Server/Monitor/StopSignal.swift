private import CLinux
private import Foundation
internal import Platform

/// SIGTERM, which asks a monitor to have its session end once its open files are closed.
///
/// The kernel also sends it when the listener has ended. The monitor passes it on through a pipe: Landlock keeps the two
/// processes from sending each other signals. The C functions are `signalfd` and `prctl` (`PR_SET_PDEATHSIG`).
final class StopSignal {
    /// Readable when the signal has arrived.
    let descriptor: Int32
    /// The end of a pipe whose other end the session waits on; it is closed when this process ends.
    private let notice: OwnedDescriptor

    /// Waits for the signal from now on.
    init(notice: OwnedDescriptor) {
        self.notice = notice
        descriptor = linux_signal_descriptor([SIGTERM], 1)
        linux_signal_on_parent_death(SIGTERM)
    }

    /// Reads ``descriptor`` until it is empty, and passes the signal on.
    func take() {
        while linux_next_signal(descriptor) != 0 {
            withUnsafeBytes(of: UInt8(0)) { try? FileIO.writeAll($0, to: notice.raw) }
        }
    }
}

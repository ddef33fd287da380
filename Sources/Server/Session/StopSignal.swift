private import CLinux
private import Foundation

/// SIGTERM, which asks a session process to end once its open files are closed.
///
/// The kernel also sends it when the listener has ended. The C functions are `signalfd` and `prctl`
/// (`PR_SET_PDEATHSIG`).
final class StopSignal {
    /// Readable when the signal has arrived.
    let descriptor: Int32
    private(set) var isReceived = false
    /// Called when the signal arrives.
    var onReceipt: () -> Void = {}

    init() {
        descriptor = linux_signal_descriptor([SIGTERM], 1)
        linux_signal_on_parent_death(SIGTERM)
    }

    /// Reads ``descriptor`` until it is empty.
    func take() {
        while linux_next_signal(descriptor) != 0 {
            isReceived = true
            onReceipt()
        }
    }
}

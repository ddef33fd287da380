private import Foundation
internal import Platform

/// The notice to a session to end once its open files are closed: a byte in a pipe from the monitor.
final class StopNotice {
    private let pipe: OwnedDescriptor
    private(set) var isReceived = false
    /// Called when the notice arrives.
    var onReceipt: () -> Void = {}

    /// Takes over the end of the pipe that is read from.
    init(_ pipe: OwnedDescriptor) {
        self.pipe = pipe
    }

    /// Readable when the notice has arrived.
    var descriptor: Int32 { pipe.raw }

    /// Whether the notice has arrived by now, also when nobody has waited for it.
    var isReceivedNow: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if !isReceived, poll(&waiting, 1, 0) > 0 { take() }
        return isReceived
    }

    /// Takes the notice.
    ///
    /// The end of the pipe means that the monitor has ended, which ends this process too: nothing can be signed or
    /// opened any more.
    func take() {
        var byte: UInt8 = 0
        let count = withUnsafeMutableBytes(of: &byte) { try? FileIO.readOnce(pipe.raw, into: $0) }
        guard let count, count > 0 else { exit(EXIT_FAILURE) }
        isReceived = true
        onReceipt()
    }
}

internal import CGPGME
private import Glibc
internal import OpenPGP

/// Drives one gpgme operation with a loop of our own.
///
/// gpgme's loop ignores a pipe that only reports an error, and then spins for ever once gpg has died with its input
/// pipe full (notes on gpgme 1.18: `posix-io.c`, `_gpgme_io_select`). This loop calls the handler on any event, so that
/// it meets the error and the operation ends; and it gives up when nothing moves.
///
/// The corresponding C function is `gpgme_set_io_cbs`.
final class OperationLoop {
    private let context: Context
    /// Seconds without an event on any of gpg's pipes after which it counts as hung.
    private let stallTimeout: Duration
    private let isCancelled: () -> Bool
    /// Seconds without an event until now.
    private var idle = 0
    private var watches: [Int: Watch] = [:]
    private var nextTag = 1
    private var outcome: (error: gpgme_error_t, operation: gpgme_error_t)?

    private struct Watch {
        let descriptor: Int32
        let events: Int16
        let handler: gpgme_io_cb_t
        let argument: UnsafeMutableRawPointer?
    }

    init(_ context: Context, stallTimeout: Duration, _ isCancelled: @escaping () -> Bool) {
        self.context = context
        self.stallTimeout = stallTimeout
        self.isCancelled = isCancelled
    }

    /// Starts an operation and returns when it is over.
    ///
    /// - Throws: `.stalled` when gpg hangs; the operation is cancelled then.
    func run(_ start: (gpgme_ctx_t) -> gpgme_error_t) throws(OpenPGPError) -> GPGMEError? {
        var callbacks = gpgme_io_cbs(
            add: addCallback, add_priv: Unmanaged.passUnretained(self).toOpaque(), remove: removeCallback,
            event: eventCallback, event_priv: Unmanaged.passUnretained(self).toOpaque())
        gpgme_set_io_cbs(context.raw, &callbacks)
        defer { gpgme_set_io_cbs(context.raw, nil) }
        if let error = GPGMEError(start(context.raw)) { return error }
        while outcome == nil { try turn() }
        return outcome.flatMap { GPGMEError($0.error) ?? GPGMEError($0.operation) }
    }

    /// Waits for one event and serves what is ready.
    private func turn() throws(OpenPGPError) {
        let tags = watches.keys.sorted()
        var polls = tags.compactMap { watches[$0] }.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let ready = poll(&polls, nfds_t(polls.count), 1000)
        if ready < 0 && errno == EINTR { return }
        guard ready > 0 else {
            idle += 1
            guard isCancelled() || .seconds(idle) >= stallTimeout else { return }
            gpgme_cancel(context.raw)
            throw OpenPGPError(.stalled, "gpg did nothing for \(idle) seconds")
        }
        idle = 0
        for (tag, poll) in zip(tags, polls) where poll.revents != 0 {
            // A handler may have removed this watch meanwhile, or ended the operation.
            guard outcome == nil, let watch = watches[tag] else { continue }
            _ = watch.handler(watch.argument, watch.descriptor)
        }
    }

    fileprivate func add(
        _ descriptor: Int32, reads: Bool, _ handler: @escaping gpgme_io_cb_t, _ argument: UnsafeMutableRawPointer?
    ) -> Int {
        defer { nextTag += 1 }
        watches[nextTag] = Watch(
            descriptor: descriptor, events: Int16(reads ? POLLIN : POLLOUT), handler: handler, argument: argument)
        return nextTag
    }

    fileprivate func remove(_ tag: Int) {
        watches[tag] = nil
    }

    fileprivate func ended(_ error: gpgme_error_t, _ operation: gpgme_error_t) {
        outcome = (error, operation)
    }
}

/// A tag has to carry the loop too: gpgme hands nothing else to the remove callback.
private final class Tag {
    let loop: OperationLoop
    let number: Int

    init(_ loop: OperationLoop, _ number: Int) {
        self.loop = loop
        self.number = number
    }
}

private let addCallback: gpgme_register_io_cb_t = { loop, descriptor, direction, handler, argument, tag in
    guard let loop, let handler, let tag else { return gpgme_error(GPG_ERR_INV_ARG) }
    let owner = Unmanaged<OperationLoop>.fromOpaque(loop).takeUnretainedValue()
    let number = owner.add(descriptor, reads: direction != 0, handler, argument)
    tag.pointee = Unmanaged.passRetained(Tag(owner, number)).toOpaque()
    return 0
}

private let removeCallback: gpgme_remove_io_cb_t = { tag in
    guard let tag else { return }
    let released = Unmanaged<Tag>.fromOpaque(tag).takeRetainedValue()
    released.loop.remove(released.number)
}

private let eventCallback: gpgme_event_io_cb_t = { loop, type, data in
    guard let loop, let data, type == GPGME_EVENT_DONE else { return }
    let errors = data.assumingMemoryBound(to: gpgme_io_event_done_data.self).pointee
    Unmanaged<OperationLoop>.fromOpaque(loop).takeUnretainedValue().ended(errors.err, errors.op_err)
}

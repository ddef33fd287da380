internal import CGPGME
private import Glibc
internal import OpenPGP

/// The event loop of one gpgme operation, in place of gpgme's own.
///
/// gpgme's loop calls a descriptor's handler only for `POLLIN`, `POLLHUP` and `POLLOUT`. gpg that dies with its input
/// pipe full leaves a pipe that reports nothing but `POLLERR`, and that loop then spins for ever (gpgme 1.18,
/// `src/posix-io.c`, `_gpgme_io_select`). This loop calls the handler on any event, so that the write fails with
/// `EPIPE` and the operation ends. It also ends an operation in which nothing happens.
///
/// The corresponding C function is `gpgme_set_io_cbs`.
final class OperationLoop {
    private let context: gpgme_ctx_t
    private let stallTimeout: Duration
    private let isCancelled: () -> Bool
    /// Seconds since the last event on any of gpg's pipes.
    private var idleSeconds = 0
    private var watches: [Int: Watch] = [:]
    private var nextTag = 1
    private var outcome: (error: gpgme_error_t, operation: gpgme_error_t)?

    private struct Watch {
        let descriptor: Int32
        let events: Int16
        let handler: gpgme_io_cb_t
        let argument: UnsafeMutableRawPointer?
    }

    /// - Parameters:
    ///   - stallTimeout: how long all pipes of gpg may be idle before it counts as hung.
    ///   - isCancelled: called every second while they are idle; true cancels the operation.
    init(_ context: gpgme_ctx_t, stallTimeout: Duration, _ isCancelled: @escaping () -> Bool) {
        self.context = context
        self.stallTimeout = stallTimeout
        self.isCancelled = isCancelled
    }

    /// Starts an operation and returns when it has ended.
    ///
    /// - Throws: `.stalled` when gpg hangs or `isCancelled` returns true; the operation is cancelled.
    func run(_ start: (gpgme_ctx_t) -> gpgme_error_t) throws(OpenPGPError) -> GPGMEError? {
        var callbacks = gpgme_io_cbs(
            add: addCallback, add_priv: Unmanaged.passUnretained(self).toOpaque(), remove: removeCallback,
            event: eventCallback, event_priv: Unmanaged.passUnretained(self).toOpaque())
        gpgme_set_io_cbs(context, &callbacks)
        defer { gpgme_set_io_cbs(context, nil) }
        if let error = GPGMEError(start(context)) { return error }
        while outcome == nil { try runOnce() }
        return outcome.flatMap { GPGMEError($0.error) ?? GPGMEError($0.operation) }
    }

    /// Waits up to a second for events, and calls the handlers of the descriptors that have one.
    private func runOnce() throws(OpenPGPError) {
        let tags = watches.keys.sorted()
        var polls = tags.compactMap { watches[$0] }.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let ready = poll(&polls, nfds_t(polls.count), 1000)
        if ready < 0 && errno == EINTR { return }
        guard ready > 0 else { return try countIdleSecond() }
        idleSeconds = 0
        for (tag, poll) in zip(tags, polls) where poll.revents != 0 {
            // An earlier handler may have removed this watch, or ended the operation.
            guard outcome == nil, let watch = watches[tag] else { continue }
            _ = watch.handler(watch.argument, watch.descriptor)
        }
    }

    private func countIdleSecond() throws(OpenPGPError) {
        idleSeconds += 1
        guard isCancelled() || .seconds(idleSeconds) >= stallTimeout else { return }
        gpgme_cancel(context)
        throw OpenPGPError(.stalled, "gpg did nothing for \(idleSeconds) seconds")
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

    fileprivate func end(_ error: gpgme_error_t, _ operation: gpgme_error_t) {
        outcome = (error, operation)
    }
}

/// What gpgme keeps for a watch: the loop, too, because the remove callback is given nothing else.
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
    Unmanaged<OperationLoop>.fromOpaque(loop).takeUnretainedValue().end(errors.err, errors.op_err)
}

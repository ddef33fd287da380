import Foundation
import Synchronization

/// A thread whose system calls end with `EINTR` when ``interrupt()`` is called.
final class InterruptedThread<Value: Sendable>: Sendable {
    private let handle = Mutex<pthread_t>(0)
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let started = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private let mayEnd = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Value) {
        // Without SA_RESTART.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGUSR1, &action, nil)
        Thread.detachNewThread { [self] in
            handle.withLock { $0 = pthread_self() }
            started.signal()
            let outcome = Result(catching: body)
            result.withLock { $0 = outcome }
            finished.signal()
            // A signal to a thread that has ended would be an error.
            mayEnd.wait()
        }
        started.wait()
    }

    func interrupt() { _ = handle.withLock { pthread_kill($0, SIGUSR1) } }

    /// Waits for the result; called once, after all interruptions.
    func join() throws -> Value? {
        finished.wait()
        defer { mayEnd.signal() }
        return try result.withLock { try $0?.get() }
    }
}

private import CDispatch
private import Foundation

/// One background thread with one result: blocking calls of the C libraries run here, off the session's thread.
///
/// Sendable, although it has mutable state: `outcome` is written once, by the worker before it signals `done` or by
/// `init` when there is no thread, and read only after waiting for `done`.
package final class Worker<Result: Sendable>: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var outcome: Swift.Result<Result, OpenPGPError>?

    /// - Parameter body: what it does. Where the system has no more threads it is never called, and the result is an
    ///   error.
    package init(_ body: @escaping @Sendable () throws(OpenPGPError) -> Result) {
        let work = Unmanaged.passRetained(
            Work { [self] in
                do throws(OpenPGPError) {
                    outcome = .success(try body())
                } catch {
                    outcome = .failure(error)
                }
                done.signal()
            })
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // gpgme and libgcrypt are at home with little; a megabyte is plenty and bounds what many workers take.
        pthread_attr_setstacksize(&attributes, 1 << 20)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }
        let result = pthread_create(&thread, &attributes, entry, work.toOpaque())
        pthread_attr_destroy(&attributes)
        guard result == 0 else {
            work.release()
            outcome = .failure(OpenPGPError(.engine, "no thread is to be had", errno: result))
            done.signal()
            return
        }
    }

    /// Waits for the end.
    ///
    /// May be called more than once.
    package func join() throws(OpenPGPError) -> Result {
        done.wait()
        defer { done.signal() }
        guard let outcome else { throw OpenPGPError(.engine, "the worker ended without a result") }
        return try outcome.get()
    }

    /// Whether it ended already, with an error.
    package var failedAtOnce: OpenPGPError? {
        guard done.wait(timeout: .now()) == .success else { return nil }
        defer { done.signal() }
        if case .failure(let error)? = outcome { return error }
        return nil
    }
}

/// What a thread is given to do.
private final class Work {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}

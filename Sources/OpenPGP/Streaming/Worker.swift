private import CDispatch
private import Foundation

/// One background thread with one result: blocking calls of the C libraries run here, off the session's thread.
///
/// Sendable, although it has mutable state: `outcome` is written once, by the thread before it signals `done`, and read
/// only after waiting for `done`.
package final class Worker<Result: Sendable>: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var outcome: Swift.Result<Result, OpenPGPError>?

    /// Starts the thread.
    ///
    /// The C function is `pthread_create`.
    ///
    /// - Parameter body: runs once on the thread.
    /// - Throws: `.engine` when the system has no thread left; then `body` is never called.
    package init(_ body: @escaping @Sendable () throws(OpenPGPError) -> Result) throws(OpenPGPError) {
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
        // A megabyte is more than gpgme and libgcrypt need, and bounds the memory of many transfers at once.
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
            throw OpenPGPError(.engine, "cannot start a thread", errno: result)
        }
    }

    /// Waits until the body has returned, and gives its result.
    ///
    /// May be called more than once.
    package func join() throws(OpenPGPError) -> Result {
        done.wait()
        defer { done.signal() }
        guard let outcome else { throw OpenPGPError(.engine, "the worker ended without a result") }
        return try outcome.get()
    }
}

/// The body of a thread as an object, which is what `pthread_create` can pass on.
private final class Work {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}

private import Foundation

/// One background thread with one result: blocking calls of the C libraries run here, off the session's thread.
///
/// Sendable, although it has mutable state: `outcome` is written once by the worker before it signals `done`, and read only
/// after waiting for `done`.
final class Worker<Result: Sendable>: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var outcome: Swift.Result<Result, OpenPGPError>?

    init(_ body: @escaping @Sendable () throws(OpenPGPError) -> Result) {
        let thread = Thread { [self] in
            do throws(OpenPGPError) {
                outcome = .success(try body())
            } catch {
                outcome = .failure(error)
            }
            done.signal()
        }
        // gpgme and libgcrypt are at home with little; a megabyte is plenty and bounds what many workers take.
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Waits for the end.
    ///
    /// May be called more than once.
    func join() throws(OpenPGPError) -> Result {
        done.wait()
        defer { done.signal() }
        guard let outcome else { throw OpenPGPError(.engine, "the worker ended without a result") }
        return try outcome.get()
    }
}

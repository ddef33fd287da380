private import Foundation

/// A bounded queue of byte chunks from one thread to another.
///
/// The writer waits while it is full, the reader while it is empty; either side can end it.
///
/// Sendable, although it has mutable state: every access to `state` happens between `lock()` and `unlock()` of
/// `condition`, which is the only thing that touches it.
package final class BytePipe: @unchecked Sendable {
    /// Bytes up to which chunks are joined.
    private static let smallest = 16 << 10
    private let condition = NSCondition()
    private let capacity: Int
    private var state = State()

    private struct State {
        var chunks: [[UInt8]] = []
        /// Bytes of all chunks.
        var count = 0
        var finished = false
        /// The error that ended the pipe early, for both sides.
        var failure: OpenPGPError?
    }

    /// Makes an empty pipe.
    ///
    /// - Parameter capacity: bytes from which on the writer waits; one chunk may exceed it.
    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// Appends bytes, waiting while the queue is full.
    ///
    /// - Throws: the failure, once ``fail(_:)`` was called.
    package func write(_ bytes: [UInt8]) throws(OpenPGPError) {
        condition.lock()
        defer { condition.unlock() }
        while state.count >= capacity && state.failure == nil { condition.wait() }
        if let failure = state.failure { throw failure }
        guard !bytes.isEmpty else { return }
        // Many tiny writes must not take more memory than a few large ones.
        if let last = state.chunks.indices.last, state.chunks[last].count + bytes.count <= BytePipe.smallest {
            state.chunks[last] += bytes
        } else {
            state.chunks.append(bytes)
        }
        state.count += bytes.count
        condition.signal()
    }

    /// Marks the end of the data: the reader gets what is left, and then the end.
    package func finish() {
        condition.lock()
        state.finished = true
        condition.signal()
        condition.unlock()
    }

    /// Ends the pipe for both sides; the first failure stays.
    package func fail(_ error: OpenPGPError) {
        condition.lock()
        if state.failure == nil { state.failure = error }
        condition.broadcast()
        condition.unlock()
    }

    /// The failure that ended the pipe, if there is one so far.
    package var failure: OpenPGPError? {
        condition.lock()
        defer { condition.unlock() }
        return state.failure
    }

    /// Takes the next chunk, waiting for one.
    ///
    /// - Returns: nil after the last one.
    /// - Throws: the failure, once ``fail(_:)`` was called.
    package func next() throws(OpenPGPError) -> [UInt8]? {
        condition.lock()
        defer { condition.unlock() }
        while state.chunks.isEmpty && !state.finished && state.failure == nil { condition.wait() }
        if let failure = state.failure { throw failure }
        guard !state.chunks.isEmpty else { return nil }
        let chunk = state.chunks.removeFirst()
        state.count -= chunk.count
        condition.signal()
        return chunk
    }
}

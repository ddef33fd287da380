private import Foundation
private import Glibc

/// A bounded queue of bytes between the session's thread and one worker's.
///
/// The writer waits while it is full, the reader while it is empty; either side can end it.
///
/// Sendable, although it has mutable state: every access to `state` happens between `lock()` and `unlock()` of
/// `condition`, which is the only thing that touches it.
package final class BytePipe: @unchecked Sendable {
    /// Bytes up to which writes are joined.
    private static let smallest = 16 << 10
    private let condition = NSCondition()
    private let capacity: Int
    private var state = State()

    private struct State {
        var chunks: [[UInt8]] = []
        /// Bytes of the first chunk already taken.
        var taken = 0
        var count = 0
        var finished = false
        /// Why it ended early, for both sides.
        var failure: OpenPGPError?
    }

    /// - Parameter capacity: bytes after which the writer waits; one write may go over it.
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
        // Many tiny writes are to take no more memory than a few large ones.
        if let last = state.chunks.indices.last, state.chunks[last].count + bytes.count <= BytePipe.smallest {
            state.chunks[last] += bytes
        } else {
            state.chunks.append(bytes)
        }
        state.count += bytes.count
        condition.signal()
    }

    /// The writer has no more.
    package func finish() {
        condition.lock()
        state.finished = true
        condition.signal()
        condition.unlock()
    }

    /// Ends it for both sides; the first failure stays.
    package func fail(_ error: OpenPGPError) {
        condition.lock()
        if state.failure == nil { state.failure = error }
        condition.broadcast()
        condition.unlock()
    }

    /// The failure, if there is one by now.
    package var failure: OpenPGPError? {
        condition.lock()
        defer { condition.unlock() }
        return state.failure
    }

    /// Takes a chunk as it was written, waiting for one.
    ///
    /// For a reader that does not use ``read(into:)``.
    ///
    /// - Returns: nil after the last one.
    package func next() throws(OpenPGPError) -> [UInt8]? {
        condition.lock()
        defer { condition.unlock() }
        while state.count == 0 && !state.finished && state.failure == nil { condition.wait() }
        if let failure = state.failure { throw failure }
        guard !state.chunks.isEmpty else { return nil }
        let chunk = state.chunks.removeFirst()
        state.count -= chunk.count
        condition.signal()
        return chunk
    }

    /// Fills `buffer` with what is there, waiting for at least one byte.
    ///
    /// - Returns: how many bytes; 0 after the last one.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        condition.lock()
        defer { condition.unlock() }
        while state.count == 0 && !state.finished && state.failure == nil { condition.wait() }
        if let failure = state.failure { throw failure }
        var filled = 0
        while filled < buffer.count, let chunk = state.chunks.first {
            let length = min(buffer.count - filled, chunk.count - state.taken)
            chunk.withUnsafeBytes {
                let part = UnsafeRawBufferPointer(rebasing: $0[state.taken..<state.taken + length])
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + length]).copyMemory(from: part)
            }
            filled += length
            state.taken += length
            state.count -= length
            if state.taken == chunk.count {
                state.chunks.removeFirst()
                state.taken = 0
            }
        }
        condition.signal()
        return filled
    }
}

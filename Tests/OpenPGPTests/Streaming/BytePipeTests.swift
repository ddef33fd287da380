import OpenPGP
import Testing

/// Bytes from one thread to another.
@Suite struct BytePipeTests {
    private let cancelled = OpenPGPError(.cancelled, "given up")

    /// A worker that writes these numbers of bytes; each byte is its position, truncated.
    private func writer(_ pipe: BytePipe, _ counts: [Int]) throws(OpenPGPError) -> Worker<Int> {
        try Worker { () throws(OpenPGPError) in
            var position = 0
            for count in counts {
                try pipe.write((position..<position + count).map { UInt8(truncatingIfNeeded: $0) })
                position += count
            }
            pipe.finish()
            return position
        }
    }

    @Test(arguments: [1, 7, 4096, 1 << 20]) func everyByteComesInOrder(size: Int) throws {
        // Less than one chunk of room: the writer has to wait for the reader.
        let pipe = BytePipe(capacity: 1000)
        let worker = try writer(pipe, [0, 1, 5000, 0, 20_000, 3, 40_000, 1])
        var reader = BytePipeReader(pipe)
        var read: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: size)
        while case let count = try buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }), count > 0 {
            read += buffer[..<count]
        }
        let count = try worker.join()
        #expect(read == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try pipe.next() == nil)
        #expect(try worker.join() == count, "a second time")
    }

    @Test func aFailureEndsTheWriterThatWaits() throws {
        let pipe = BytePipe(capacity: 10)
        let worker = try writer(pipe, Array(repeating: 20_000, count: 3))
        #expect(try pipe.next()?.count == 20_000)
        pipe.fail(cancelled)
        pipe.fail(OpenPGPError(.message, "a later one"))
        #expect(throws: cancelled) { try worker.join() }
        #expect(pipe.failure == cancelled)
    }

    @Test func aFailureEndsTheReaderThatWaits() throws {
        let pipe = BytePipe(capacity: 10)
        let worker = try Worker { () throws(OpenPGPError) in try pipe.next()?.count }
        pipe.fail(cancelled)
        #expect(throws: cancelled) { try worker.join() }
    }
}

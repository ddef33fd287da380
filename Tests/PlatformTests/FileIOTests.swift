import Foundation
import Platform
import TestSupport
import Testing

/// Reads and writes that a signal interrupts, that move a part only, and that fail.
@Suite struct FileIOTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A signal ends a write to a full pipe with what fitted, or with `EINTR` when nothing did.
    @Test func aWriteContinuesAfterSignalsAndParts() throws {
        let data = Data.random(1_000_000)
        let pipe = Pipe()
        let writing = pipe.fileHandleForWriting
        let thread = InterruptedThread {
            try data.withUnsafeBytes { try FileIO.writeAll($0, to: writing.fileDescriptor) }
            try writing.close()
        }
        var received = Data()
        while received.count < data.count {
            for _ in 0..<3 {
                thread.interrupt()
                usleep(300)
            }
            received += try #require(try pipe.fileHandleForReading.read(upToCount: 20_000))
        }
        try thread.join()
        #expect(received == data)
    }

    @Test func aReadContinuesAfterASignal() throws {
        let pipe = Pipe()
        let reading = pipe.fileHandleForReading
        let thread = InterruptedThread {
            var buffer = [UInt8](repeating: 0, count: 10)
            let count = try buffer.withUnsafeMutableBytes {
                try FileIO.readOnce(reading.fileDescriptor, into: $0)
            }
            return Array(buffer.prefix(count))
        }
        for _ in 0..<20 {
            usleep(1000)
            thread.interrupt()
        }
        try pipe.fileHandleForWriting.write(contentsOf: [1, 2, 3])
        #expect(try thread.join() == [1, 2, 3])
    }

    @Test func readsAndWritesAtOffsets() throws {
        let file = try FileHandle(forUpdating: scratch.file("file", Data("0123456789".utf8)))
        try Data("ab".utf8).withUnsafeBytes { try FileIO.writeAll($0, to: file.fileDescriptor, at: 8) }
        try Data("cd".utf8).withUnsafeBytes { try FileIO.writeAll($0, to: file.fileDescriptor, at: 12) }
        var buffer = [UInt8](repeating: 0xff, count: 10)
        let read = { (offset: UInt64) in
            try buffer.withUnsafeMutableBytes { try FileIO.read(file.fileDescriptor, at: offset, into: $0) }
        }
        #expect(try read(6) == 8)
        #expect(buffer.prefix(8) == Array("67ab\0\0cd".utf8)[...])
        #expect(try read(14) == 0)
        #expect(try read(1000) == 0)
    }

    @Test func errorsAreThrown() throws {
        let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
        Data(count: 10).withUnsafeBytes { bytes in
            #expect(throws: SystemError(ENOSPC)) { try FileIO.writeAll(bytes, to: full.fileDescriptor) }
            #expect(throws: SystemError(ENOSPC)) { try FileIO.writeAll(bytes, to: full.fileDescriptor, at: 0) }
            #expect(throws: SystemError(EBADF)) { try FileIO.writeAll(bytes, to: -1) }
        }
        var buffer = [UInt8](repeating: 0, count: 1)
        buffer.withUnsafeMutableBytes { bytes in
            #expect(throws: SystemError(EBADF)) { try FileIO.readOnce(-1, into: bytes) }
            #expect(throws: SystemError(EBADF)) { try FileIO.read(-1, at: 0, into: bytes) }
        }
        #expect(throws: SystemError(EBADF)) { try FileIO.synchronize(-1) }
    }

    /// `EINVAL`: there is nothing to wait for.
    @Test func whatHasNoDiskIsNoErrorToSynchronize() throws {
        let pipe = Pipe()
        try FileIO.synchronize(pipe.fileHandleForWriting.fileDescriptor)
    }
}

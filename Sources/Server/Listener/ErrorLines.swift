private import Foundation
package import Platform

/// What the processes of one connection write to standard error, cut into lines.
///
/// A session never has the listener's own standard error, which may be a terminal. What it writes is bounded: the rest
/// is discarded.
package final class ErrorLines {
    package let descriptor: OwnedDescriptor
    /// Whether the other end is still open.
    private(set) var isOpen = true
    /// The beginning of the next line.
    private var line: [UInt8] = []
    /// Bytes that may still be taken.
    private var left = ErrorLines.most

    /// Bytes of one connection that are taken.
    private static let most = 32 << 10
    /// Bytes of a line.
    private static let longest = 1000

    /// Takes over the reading end of a pipe, and makes its reads not block.
    package init(_ descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
        _ = fcntl(descriptor.raw, F_SETFL, fcntl(descriptor.raw, F_GETFL) | O_NONBLOCK)
    }

    /// Reads what has arrived.
    ///
    /// - Returns: whole lines without their ends, as text that has not been checked; at the end of the pipe, the last
    ///   one as well.
    package func read() -> [String] {
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 {
            guard let count = readOnce(&buffer) else { return lines }
            guard count > 0 else {
                isOpen = false
                break
            }
            for byte in buffer.prefix(min(count, left)) {
                if byte == UInt8(ascii: "\n") || line.count >= ErrorLines.longest { end(&lines) }
                if byte != UInt8(ascii: "\n") { line.append(byte) }
            }
            left = max(0, left - count)
            if left == 0 {
                // Nobody else writes more than a few lines. The other end gets EPIPE.
                isOpen = false
                break
            }
        }
        if !isOpen { end(&lines) }
        return lines
    }

    /// - Returns: the number of bytes, 0 at the end; nil when nothing has arrived.
    private func readOnce(_ buffer: inout [UInt8]) -> Int? {
        buffer.withUnsafeMutableBytes { bytes in
            do throws(SystemError) {
                return try FileIO.readOnce(descriptor.raw, into: bytes)
            } catch {
                return error.number == EAGAIN ? nil : 0
            }
        }
    }

    private func end(_ lines: inout [String]) {
        if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
        line = []
    }
}

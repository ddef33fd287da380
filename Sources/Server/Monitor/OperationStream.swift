private import Foundation
internal import OpenPGP
internal import Platform

/// The bytes of one operation of gpg, between a session and its monitor.
///
/// Parts of the plaintext flow one way: a length of four bytes, and the bytes; a length of 0 ends them. The monitor then
/// sends its ``Outcome`` in one more part. A stream that ends without one has been given up.
///
/// For the use of one thread at each end.
struct OperationStream {
    /// How the operation has ended.
    struct Outcome: Codable {
        /// Nil for success.
        let error: OpenPGPError?
        /// Whether the message that was read says that it is only the first part of a file.
        var isPartial = false
    }

    /// Bytes of the longest part.
    static let longestPart = 1 << 20

    let descriptor: OwnedDescriptor

    static let gone = OpenPGPError(.engine, "the process that runs gpg has ended")

    /// Writes a part.
    ///
    /// - Throws: `.engine` when the other end has been closed.
    func write(_ bytes: UnsafeRawBufferPointer) throws(OpenPGPError) {
        var rest = bytes
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(OperationStream.longestPart))
            try writeLength(part.count)
            do throws(SystemError) { try FileIO.writeAll(part, to: descriptor.raw) } catch { throw Self.gone }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        }
    }

    /// Ends the parts.
    func finish() throws(OpenPGPError) { try writeLength(0) }

    private func writeLength(_ count: Int) throws(OpenPGPError) {
        let length = (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        do throws(SystemError) {
            try length.withUnsafeBufferPointer { bytes throws(SystemError) in
                try FileIO.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor.raw)
            }
        } catch {
            throw Self.gone
        }
    }

    /// Reads the length of the next part.
    ///
    /// - Returns: 0 after the last part; nil when the stream has been given up.
    func readLength() -> Int? {
        var length: [UInt8] = [0, 0, 0, 0]
        guard length.withUnsafeMutableBytes({ fill($0) }) else { return nil }
        let count = length.reduce(0) { $0 << 8 | Int($1) }
        return count <= OperationStream.longestPart ? count : nil
    }

    /// Reads as many bytes as `buffer` holds.
    ///
    /// - Returns: false when the stream has ended before.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            guard let count = try? FileIO.readOnce(descriptor.raw, into: rest), count > 0 else { return false }
            filled += count
        }
        return true
    }

    /// Reads the next part.
    ///
    /// - Returns: an empty one after the last; nil when the stream has been given up.
    func readPart() -> [UInt8]? {
        guard let count = readLength() else { return nil }
        var part = [UInt8](repeating: 0, count: count)
        guard part.withUnsafeMutableBytes({ fill($0) }) else { return nil }
        return part
    }

    /// Sends how the operation has ended; nobody may be there any more.
    func send(_ outcome: Outcome) {
        guard let bytes = try? JSONEncoder().encode(outcome) else { return }
        try? Array(bytes).withUnsafeBufferPointer { bytes throws(OpenPGPError) in
            try write(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Waits until the operation has ended.
    ///
    /// - Throws: its error; `.engine` when the monitor has ended.
    @discardableResult
    func receiveOutcome() throws(OpenPGPError) -> Outcome {
        guard let part = readPart(), let outcome = try? JSONDecoder().decode(Outcome.self, from: Data(part)) else {
            throw Self.gone
        }
        if let error = outcome.error { throw error }
        return outcome
    }
}

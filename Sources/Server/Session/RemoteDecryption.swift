private import Foundation
internal import OpenPGP
private import Platform

/// One message being read by the monitor's gpg.
///
/// The monitor sends the last bytes only after gpg has found the message intact.
final class RemoteDecryption: Decryption {
    private let stream: OperationStream
    /// Bytes of the present part that have not been read.
    private var left = 0
    private var isAtEnd = false
    private(set) var isPartial = false
    private var failure: OpenPGPError?

    /// Takes over the stream of an operation that has begun.
    init(_ stream: OperationStream) {
        self.stream = stream
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        if let failure { throw failure }
        var filled = 0
        do throws(OpenPGPError) {
            while filled < buffer.count, !isAtEnd {
                if left == 0 {
                    guard let length = stream.readLength() else { throw OperationStream.gone }
                    left = length
                    guard length > 0 else {
                        isPartial = try stream.receiveOutcome().isPartial
                        isAtEnd = true
                        break
                    }
                }
                let count = min(left, buffer.count - filled)
                guard stream.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])) else {
                    throw OperationStream.gone
                }
                left -= count
                filled += count
            }
        } catch {
            failure = error
            throw error
        }
        return filled
    }

    func cancel() {
        shutdown(stream.descriptor.raw, Int32(SHUT_RDWR))
        failure = failure ?? OpenPGPError(.cancelled, "the download was given up")
    }
}

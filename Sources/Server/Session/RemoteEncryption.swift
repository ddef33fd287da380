private import Foundation
internal import OpenPGP
private import Platform

/// One message being written by the monitor's gpg.
final class RemoteEncryption: Encryption {
    private let stream: OperationStream
    /// The failure that ended the encryption.
    private var ended: OpenPGPError?
    private var isOver = false

    /// Takes over the stream of an operation that has begun.
    init(_ stream: OperationStream) {
        self.stream = stream
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(OpenPGPError) {
        if let failure { throw failure }
        do throws(OpenPGPError) {
            try bytes.withUnsafeBufferPointer { bytes throws(OpenPGPError) in
                try stream.write(UnsafeRawBufferPointer(bytes))
            }
        } catch {
            try end()
            throw error
        }
    }

    var failure: OpenPGPError? {
        guard !isOver else { return ended }
        // Before the end of the message the monitor sends nothing but a failure.
        var waiting = pollfd(fd: stream.descriptor.raw, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, 0) > 0 { try? end() }
        return ended
    }

    /// gpg keeps it to itself.
    var sessionKey: SessionKey? { nil }

    func finish() throws(OpenPGPError) {
        if let failure { throw failure }
        do throws(OpenPGPError) { try stream.finish() } catch { /* The outcome says why. */  }
        try end()
    }

    func cancel() {
        guard !isOver else { return }
        shutdown(stream.descriptor.raw, Int32(SHUT_WR))
        try? end()
    }

    /// Waits until the monitor writes nothing more to the file.
    private func end() throws(OpenPGPError) {
        if isOver {
            if let ended { throw ended }
            return
        }
        isOver = true
        do throws(OpenPGPError) {
            try stream.receiveOutcome()
        } catch {
            ended = error
            throw error
        }
    }
}

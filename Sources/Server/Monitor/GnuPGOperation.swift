internal import OpenPGP
internal import Platform
private import Synchronization

/// One message that a monitor's gpg makes or reads for the session, on a thread of its own.
enum GnuPGOperation {
    /// Operations at a time: more than a session has open files.
    private static let most = 1024
    private static let running = Mutex(0)

    /// Starts to encrypt what comes through the stream.
    ///
    /// - Parameters:
    ///   - file: an empty file.
    ///   - isPartial: whether the message says inside that it is only the first part of a file.
    static func encrypt(
        into file: OwnedDescriptor, _ stream: OperationStream, isPartial: Bool, by engine: any Engine & Sendable
    ) throws(OpenPGPError) {
        try start(stream) { () throws(OpenPGPError) -> OperationStream.Outcome in
            defer { withExtendedLifetime(file) {} }
            let encryption = try engine.encrypt(into: file.raw, isPartial: isPartial)
            do throws(OpenPGPError) {
                while let part = stream.readPart() {
                    guard !part.isEmpty else {
                        try encryption.finish()
                        return .init(error: nil)
                    }
                    try encryption.write(part[...])
                }
                throw OpenPGPError(.cancelled, "the session has given the message up")
            } catch {
                encryption.cancel()
                throw error
            }
        }
    }

    /// Starts to decrypt a stored file into the stream.
    static func decrypt(
        _ file: OwnedDescriptor, _ stream: OperationStream, by engine: any Engine & Sendable
    ) throws(OpenPGPError) {
        try start(stream) { () throws(OpenPGPError) -> OperationStream.Outcome in
            defer { withExtendedLifetime(file) {} }
            let decryption = try engine.decrypt(file.raw)
            defer { decryption.cancel() }
            var buffer = [UInt8](repeating: 0, count: 128 << 10)
            while case let count = try decryption.read(into: &buffer), count > 0 {
                try buffer.withUnsafeBufferPointer { bytes throws(OpenPGPError) in
                    try stream.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]))
                }
            }
            return .init(error: nil, isPartial: decryption.isPartial)
        } finish: {
            try? stream.finish()
        }
    }

    private static func start(
        _ stream: OperationStream, _ body: @escaping @Sendable () throws(OpenPGPError) -> OperationStream.Outcome,
        finish: @escaping @Sendable () -> Void = {}
    ) throws(OpenPGPError) {
        let isAdmitted = running.withLock { running in
            guard running < most else { return false }
            running += 1
            return true
        }
        guard isAdmitted else { throw OpenPGPError(.engine, "too many files are open") }
        do throws(OpenPGPError) {
            _ = try Worker { () throws(OpenPGPError) -> Void in
                defer { running.withLock { $0 -= 1 } }
                do throws(OpenPGPError) {
                    let outcome = try body()
                    finish()
                    stream.send(outcome)
                } catch {
                    finish()
                    stream.send(.init(error: error))
                }
            }
        } catch {
            running.withLock { $0 -= 1 }
            throw error
        }
    }
}

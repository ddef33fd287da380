private import Secrets

/// An encryption by the native engine.
///
/// A short file is encrypted when it is complete. For a longer one a worker thread makes the message while the
/// session's thread takes the next bytes.
final class NativeEncryption: Encryption {
    private let subkey: ECDHSubkey
    private let descriptor: Int32
    private let isPartial: Bool
    private(set) var sessionKey: SessionKey?
    /// All bytes while the file is short, afterwards those that the worker gets next.
    private var waiting: [UInt8] = []
    private var background: (input: BytePipe, worker: Worker<Void>)?
    private var ownFailure: OpenPGPError?

    /// The largest file that is encrypted without a worker, in bytes.
    private static let short = 256 << 10
    /// Bytes for which the worker is woken.
    private static let batch = 128 << 10

    /// Starts a message.
    ///
    /// - Parameters:
    ///   - subkey: the recipient's encryption subkey.
    ///   - descriptor: an empty file, which stays its owner's to close, after ``finish()`` or ``cancel()``.
    ///   - isPartial: whether the message says that it is a partial.
    init(to subkey: ECDHSubkey, into descriptor: Int32, isPartial: Bool) {
        self.isPartial = isPartial
        self.subkey = subkey
        self.descriptor = descriptor
    }

    deinit {
        // The owner closes the descriptor next, and its number may then be another file's.
        cancel()
    }

    var failure: OpenPGPError? { ownFailure ?? background?.input.failure }

    func write(_ bytes: ArraySlice<UInt8>) throws(OpenPGPError) {
        if let failure { throw failure }
        waiting += bytes
        if let background {
            if waiting.count >= Self.batch { try handOver(to: background.input) }
        } else if waiting.count > Self.short {
            try startWorker()
        }
    }

    func finish() throws(OpenPGPError) {
        if let failure { throw failure }
        if let background {
            try handOver(to: background.input)
            background.input.finish()
            return try background.worker.join()
        }
        try remembering { () throws(OpenPGPError) in
            let message = try NativeMessage(to: subkey, makeSessionKey(), into: descriptor, isPartial: isPartial)
            try message.write(waiting)
            try message.finish()
        }
    }

    /// Waits until the worker has ended.
    func cancel() {
        let reason = OpenPGPError(.cancelled, "the upload was cancelled")
        background?.input.fail(reason)
        _ = try? background?.worker.join()
        ownFailure = failure ?? reason
    }

    /// Starts the worker with the bytes so far.
    private func startWorker() throws(OpenPGPError) {
        let input = BytePipe(capacity: 1 << 20)
        try remembering { () throws(OpenPGPError) in
            let key = try makeSessionKey()
            let worker = try Worker { [subkey, descriptor, isPartial] () throws(OpenPGPError) in
                do throws(OpenPGPError) {
                    let message = try NativeMessage(to: subkey, key, into: descriptor, isPartial: isPartial)
                    while let bytes = try input.next() { try message.write(bytes) }
                    try message.finish()
                } catch {
                    input.fail(error)
                    throw error
                }
            }
            background = (input, worker)
        }
        try handOver(to: input)
    }

    private func makeSessionKey() throws(OpenPGPError) -> SessionKey {
        guard let bytes = SecretBytes.random(32) else { throw OpenPGPError.noLockedMemory }
        let key = SessionKey(bytes: bytes)
        sessionKey = key
        return key
    }

    /// Runs `body` and keeps its error as this message's failure.
    private func remembering(_ body: () throws(OpenPGPError) -> Void) throws(OpenPGPError) {
        do throws(OpenPGPError) {
            try body()
        } catch {
            ownFailure = error
            throw error
        }
    }

    /// Gives the waiting bytes to the worker.
    private func handOver(to input: BytePipe) throws(OpenPGPError) {
        try input.write(waiting)
        waiting = []
        waiting.reserveCapacity(Self.batch + Self.batch / 2)
    }
}

internal import OpenPGP

/// One message being written by gpg.
///
/// gpg pulls its input and clients push theirs. So a worker thread runs gpg and takes the plaintext from a bounded
/// queue.
final class GnuPGEncryption: Encryption {
    private let input = BytePipe(capacity: 1 << 20)
    private let worker: Worker<UInt64>
    private let framing: GnuPGFraming
    private let isPartial: Bool
    /// Bytes of plaintext so far.
    private var count: UInt64 = 0

    /// Starts gpg.
    ///
    /// - Parameters:
    ///   - key: the key that the message is encrypted to.
    ///   - home: where gpg finds the key.
    ///   - framing: the partial body lengths that this gpg writes.
    ///   - descriptor: an empty file, which stays its owner's to close, after ``finish()`` or ``cancel()``.
    ///   - isPartial: whether the message says that it is a partial.
    ///   - stallTimeout: how long gpg may do nothing.
    /// - Throws: `.engine` when there is no thread left.
    init(
        to key: RecipientKey, in home: GnuPGHome, _ framing: GnuPGFraming, into descriptor: Int32,
        isPartial: Bool, stallTimeout: Duration
    ) throws(OpenPGPError) {
        self.framing = framing
        self.isPartial = isPartial
        worker = try Worker { [input] () throws(OpenPGPError) -> UInt64 in
            do throws(OpenPGPError) {
                let context = try GnuPGContext(home, stallTimeout: stallTimeout)
                return try EncryptionTransfer(
                    context, key, OuterFraming(framing), from: input, into: descriptor, isPartial: isPartial
                ).run()
            } catch {
                input.fail(error)
                throw error
            }
        }
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(OpenPGPError) {
        try input.write(Array(bytes))
        count += UInt64(bytes.count)
    }

    var failure: OpenPGPError? { input.failure }

    /// gpg keeps it to itself.
    var sessionKey: SessionKey? { nil }

    /// Ends the message and waits until all of it has been given to the file.
    ///
    /// gpgme's report of success alone is not enough: gpg has to say that it finished, the message must have the
    /// structure that ``GnuPGReframer`` checks, and its size must be the one that follows from the plaintext's.
    func finish() throws(OpenPGPError) {
        input.finish()
        let body = try worker.join()
        let expected = framing.body(forPlaintext: count, isPartial: isPartial)
        guard body == expected else {
            throw OpenPGPError(.engine, "gpg wrote \(body) bytes for \(count); expected \(expected)")
        }
    }

    /// Waits until gpg has ended.
    func cancel() {
        input.fail(OpenPGPError(.cancelled, "the upload was given up"))
        _ = try? worker.join()
    }
}

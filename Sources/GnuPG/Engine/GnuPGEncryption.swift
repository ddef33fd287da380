private import CGPGME
private import Foundation
internal import OpenPGP

/// One message being written by gpg.
///
/// gpg pulls its input and clients push theirs, so a worker thread of its own runs the operation and takes the bytes
/// from a bounded queue.
final class GnuPGEncryption: Encryption {
    private let input = BytePipe(capacity: 1 << 20)
    private let worker: Worker<UInt64>
    private let framing: GnuPGFraming
    private var count: UInt64 = 0

    /// Starts gpg.
    ///
    /// - Parameters:
    ///   - key: whom the message is for.
    ///   - descriptor: an empty file, which stays its owner's to close, after ``finish()`` or ``cancel()``.
    ///   - stallTimeout: how long gpg may do nothing.
    init(to key: RecipientKey, _ framing: GnuPGFraming, into descriptor: Int32, stallTimeout: Duration)
        throws(OpenPGPError)
    {
        self.framing = framing
        let input = input
        worker = try Worker { () throws(OpenPGPError) -> UInt64 in
            do throws(OpenPGPError) {
                return try GnuPGEncryption.encrypt(
                    input, to: key, OuterFraming(framing), into: descriptor, Context(stallTimeout: stallTimeout))
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

    /// Ends the message and waits until all of it has been given to the file.
    ///
    /// gpgme's word alone is not enough: gpg has to say that it finished, the message must have the structure that
    /// ``GnuPGReframer`` checks, and its size must be the one that the plaintext gives.
    func finish() throws(OpenPGPError) {
        input.finish()
        let body = try worker.join()
        guard body == framing.body(forPlaintext: count) else {
            throw OpenPGPError(
                .engine, "gpg wrote \(body) bytes for \(count); expected \(framing.body(forPlaintext: count))")
        }
    }

    /// Waits until gpg is gone.
    func cancel() {
        input.fail(OpenPGPError(.cancelled, "the upload was given up"))
        _ = try? worker.join()
    }

    /// The worker's part: runs the operation.
    ///
    /// - Returns: the bytes of the encrypted-data packet's body.
    private static func encrypt(
        _ input: BytePipe, to key: RecipientKey, _ framing: OuterFraming, into descriptor: Int32, _ context: Context
    ) throws(OpenPGPError) -> UInt64 {
        let sink = FramedFile(descriptor, GnuPGReframer(keyID: key.keyID, framing))
        var failure: OpenPGPError?
        var sawEnd = false
        var reader = BytePipeReader(input)
        let plain = try DataObject.reading(sensitive: true) { buffer in
            do throws(OpenPGPError) {
                let count = try reader.read(into: buffer)
                sawEnd = count == 0
                return count
            } catch {
                failure = error
                errno = ECANCELED
                return nil
            }
        }
        let cipher = try DataObject.writing(sensitive: false) { bytes in
            do throws(OpenPGPError) {
                try sink.take(bytes)
                return true
            } catch {
                failure = error
                errno = error.errno == 0 ? EIO : error.errno
                return false
            }
        }
        var recipients: [gpgme_key_t?] = [key.raw, nil]
        let flags = gpgme_encrypt_flags_t(
            rawValue: GPGME_ENCRYPT_ALWAYS_TRUST.rawValue | GPGME_ENCRYPT_NO_ENCRYPT_TO.rawValue
                | GPGME_ENCRYPT_NO_COMPRESS.rawValue)
        // gpgme uses both until the operation is over, and knows only their raw pointers.
        let error = try withExtendedLifetime((plain, cipher)) { () throws(OpenPGPError) in
            try context.run(isCancelled: { input.failure != nil }) {
                gpgme_op_encrypt_start($0, &recipients, flags, plain.raw, cipher.raw)
            }
        }
        if let failure { throw failure }
        if let error {
            throw OpenPGPError(
                error.code == GPG_ERR_UNUSABLE_PUBKEY ? .key : .engine, "gpg cannot encrypt: \(error.text)")
        }
        guard context.statusLines.contains("BEGIN_ENCRYPTION"), context.statusLines.last == "END_ENCRYPTION" else {
            throw OpenPGPError(.engine, "gpg ended before the message was complete")
        }
        guard sawEnd else { throw OpenPGPError(.engine, "gpg did not read all of the data") }
        return try sink.finish()
    }
}

/// Where the cipher text goes: through the framer into the file.
private final class FramedFile {
    private var file: CiphertextWriter
    private var framer: GnuPGReframer
    /// What the file has not got yet.
    private var pending: [UInt8] = []

    init(_ descriptor: Int32, _ framer: GnuPGReframer) {
        file = CiphertextWriter(descriptor)
        self.framer = framer
    }

    func take(_ bytes: UnsafeRawBufferPointer) throws(OpenPGPError) {
        try framer.take(bytes, &pending)
        if pending.count >= 1 << 16 { try flush() }
    }

    func finish() throws(OpenPGPError) -> UInt64 {
        try framer.finish(&pending)
        try flush()
        return framer.bodyCount
    }

    private func flush() throws(OpenPGPError) {
        try pending.withUnsafeBufferPointer { bytes throws(OpenPGPError) in
            try file.write(UnsafeRawBufferPointer(bytes))
        }
        pending.removeAll(keepingCapacity: true)
    }
}

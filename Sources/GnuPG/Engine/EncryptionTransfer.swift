private import CGPGME
private import Glibc
internal import OpenPGP

/// The worker thread's part of a ``GnuPGEncryption``: plaintext from a pipe through gpg and the reframer into a file.
final class EncryptionTransfer {
    private let context: GnuPGContext
    private let key: RecipientKey
    private let input: BytePipe
    private let isPartial: Bool
    private var reader: BytePipeReader
    /// gpg has read all of the plaintext.
    private var sawEnd = false
    private var reframer: GnuPGReframer
    private var file: CiphertextWriter
    /// Ciphertext that is not in the file yet.
    private var pending: [UInt8] = []
    /// The error that a callback met: gpgme passes on no more than an error number.
    private var failure: OpenPGPError?

    /// Bytes of ciphertext that are written at once.
    private static let batch = 1 << 16

    init(
        _ context: GnuPGContext, _ key: RecipientKey, _ framing: OuterFraming, from input: BytePipe,
        into descriptor: Int32, isPartial: Bool
    ) {
        self.isPartial = isPartial
        self.context = context
        self.key = key
        self.input = input
        reader = BytePipeReader(input)
        reframer = GnuPGReframer(keyID: key.encryption.keyID, framing)
        file = CiphertextWriter(descriptor)
    }

    /// Runs gpg until the message is complete.
    ///
    /// The corresponding C function is `gpgme_op_encrypt_start`.
    ///
    /// - Returns: the bytes of the SEIPD packet's body.
    func run() throws(OpenPGPError) -> UInt64 {
        let plaintext = try DataObject.reading(sensitive: true) { self.readPlaintext(into: $0) }
        if isPartial { gpgme_data_set_file_name(plaintext.raw, LiteralPacket.partialName) }
        let ciphertext = try DataObject.writing(sensitive: false) { self.write($0) }
        var recipients: [gpgme_key_t?] = [key.listed.raw, nil]
        let flags = gpgme_encrypt_flags_t(
            rawValue: GPGME_ENCRYPT_ALWAYS_TRUST.rawValue | GPGME_ENCRYPT_NO_ENCRYPT_TO.rawValue
                | GPGME_ENCRYPT_NO_COMPRESS.rawValue)
        // gpgme uses both until the operation has ended, and has only their raw pointers.
        let error = try withExtendedLifetime((plaintext, ciphertext)) { () throws(OpenPGPError) in
            try context.run(isCancelled: { self.input.failure != nil }) {
                gpgme_op_encrypt_start($0, &recipients, flags, plaintext.raw, ciphertext.raw)
            }
        }
        if let failure { throw failure }
        try check(error)
        try reframer.finish(&pending)
        try flush()
        return reframer.bodyCount
    }

    /// Checks that gpg has encrypted all of the plaintext.
    private func check(_ error: GPGMEError?) throws(OpenPGPError) {
        if let error {
            throw OpenPGPError(
                error.code == GPG_ERR_UNUSABLE_PUBKEY ? .key : .engine, "gpg cannot encrypt: \(error.text)")
        }
        guard context.statusLines.contains("BEGIN_ENCRYPTION"), context.statusLines.last == "END_ENCRYPTION" else {
            throw OpenPGPError(.engine, "gpg ended before the message was complete")
        }
        guard sawEnd else { throw OpenPGPError(.engine, "gpg did not read all of the data") }
    }

    private func readPlaintext(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
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

    private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(OpenPGPError) {
            try reframer.take(bytes, &pending)
            if pending.count >= EncryptionTransfer.batch { try flush() }
            return true
        } catch {
            failure = error
            errno = error.errno == 0 ? EIO : error.errno
            return false
        }
    }

    private func flush() throws(OpenPGPError) {
        try pending.withUnsafeBufferPointer { bytes throws(OpenPGPError) in
            try file.write(UnsafeRawBufferPointer(bytes))
        }
        pending.removeAll(keepingCapacity: true)
    }
}

private import CGPGME
private import Glibc
internal import OpenPGP
internal import Platform

/// The worker thread's part of a ``GnuPGDecryption``: a stored file through gpg into a pipe.
///
/// gpg outputs plaintext before it has checked the MDC at the message's end. So the last bytes, up to a whole buffer of
/// them, are held back until gpg has reported that the message is intact: a damaged one never reads to its end.
final class DecryptionTransfer {
    private let context: GnuPGContext
    private let file: OwnedDescriptor
    /// Bytes of the file that gpg has been given: others may read the same open file, whose position is not used.
    private var position: UInt64 = 0
    private let output: BytePipe
    /// Plaintext that is not in the pipe yet.
    private var held: [UInt8] = []
    /// Bytes of plaintext that gpg has written.
    private var count: UInt64 = 0
    /// The error that a callback met: gpgme passes on no more than an error number.
    private var failure: OpenPGPError?

    init(_ context: GnuPGContext, from file: OwnedDescriptor, into output: BytePipe) {
        self.context = context
        self.file = file
        self.output = output
    }

    /// Runs gpg until all of the message is in the pipe.
    ///
    /// The corresponding C function is `gpgme_op_decrypt_start`.
    ///
    /// - Returns: whether the message says that it is a partial.
    func run() throws(OpenPGPError) -> Bool {
        let ciphertext = try DataObject.reading(sensitive: false) { self.readCiphertext(into: $0) }
        let plaintext = try DataObject.writing(sensitive: true) { self.write($0) }
        // gpgme uses both until the operation has ended, and has only their raw pointers.
        let error = try withExtendedLifetime((ciphertext, plaintext)) { () throws(OpenPGPError) in
            try context.run(isCancelled: { self.output.failure != nil }) {
                gpgme_op_decrypt_start($0, ciphertext.raw, plaintext.raw)
            }
        }
        if let failure { throw failure }
        if let error { throw DecryptionTransfer.explain(error, context.statusLines) }
        try checkStatus()
        try output.write(held)
        return context.isPartial
    }

    /// Checks that gpg has found one intact file and nothing else.
    private func checkStatus() throws(OpenPGPError) {
        let status = context.statusLines
        // gpg also reports success after packets that do not belong there, and for a file that is cut off inside an
        // intact message.
        guard !status.contains("ERROR"), !status.contains("NODATA"),
            status.count(where: { $0 == "BEGIN_DECRYPTION" }) < 2, status.count(where: { $0 == "PLAINTEXT" }) < 2,
            context.plaintextLength == nil || context.plaintextLength == count
        else { throw OpenPGPError(.message, "the stored file holds something else than one file") }
        guard status.contains("DECRYPTION_OKAY"), status.contains("GOODMDC"), status.contains("PLAINTEXT"),
            status.last == "END_DECRYPTION",
            gpgme_op_decrypt_result(context.raw)?.pointee.legacy_cipher_nomdc == 0
        else { throw OpenPGPError(.engine, "gpg ended before it had checked the message") }
    }

    private func readCiphertext(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        do throws(SystemError) {
            let count = try FileIO.read(file.raw, at: position, into: buffer)
            position += UInt64(count)
            return count
        } catch {
            failure = OpenPGPError(.inputOutput, "cannot read the stored file", errno: error.number)
            errno = error.number
            return nil
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(OpenPGPError) {
            try output.write(held)
            held = Array(bytes)
            count += UInt64(held.count)
            return true
        } catch {
            failure = error
            errno = ECANCELED
            return false
        }
    }

    /// Makes the error of a failed decryption.
    ///
    /// It blames the file only where gpg does: a gpg that was killed reports nothing about the file.
    static func explain(_ error: GPGMEError, _ status: [String]) -> OpenPGPError {
        switch error.code {
        case GPG_ERR_NO_SECKEY: OpenPGPError(.key, "the file is encrypted to another key")
        case GPG_ERR_CORRUPTED_PROTECTION: OpenPGPError(.engine, "gpg cannot open the key: \(error.text)")
        case GPG_ERR_BAD_PASSPHRASE: OpenPGPError(.passphrase, "the passphrase does not open the key")
        case _ where status.contains { ["DECRYPTION_FAILED", "BADMDC", "NODATA"].contains($0) }:
            OpenPGPError(.message, "the stored file is damaged or was tampered with: \(error.text)")
        default: OpenPGPError(.engine, "gpg failed: \(error.text)")
        }
    }
}

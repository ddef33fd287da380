private import CGPGME
private import Foundation
internal import OpenPGP
internal import Platform
internal import Secrets

/// One message being read by gpg.
///
/// gpg hands plaintext out before it has checked the message's end. So the last bytes, up to a whole buffer of them,
/// are held back until gpg has said that the message is intact: a damaged one never reads to its end.
final class GnuPGDecryption: Decryption {
    private let output: BytePipe
    private var reader: BytePipeReader
    private let worker: Worker<Void>

    /// Starts gpg.
    ///
    /// - Parameters:
    ///   - file: the stored file, open for reading.
    ///   - stallTimeout: how long gpg may do nothing.
    init(_ file: OwnedDescriptor, _ passphrase: SecretBytes, stallTimeout: Duration) throws(OpenPGPError) {
        let output = BytePipe(capacity: 1 << 20)
        self.output = output
        reader = BytePipeReader(output)
        worker = try Worker { () throws(OpenPGPError) -> Void in
            do throws(OpenPGPError) {
                try GnuPGDecryption.decrypt(file, passphrase, output, Context(stallTimeout: stallTimeout))
                output.finish()
            } catch {
                output.fail(error)
                throw error
            }
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(OpenPGPError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Waits until gpg is gone.
    func cancel() {
        output.fail(OpenPGPError(.cancelled, "the download was given up"))
        _ = try? worker.join()
    }

    /// The worker's part: runs the operation.
    private static func decrypt(
        _ file: OwnedDescriptor, _ passphrase: SecretBytes, _ output: BytePipe, _ context: Context
    ) throws(OpenPGPError) {
        context.answer([passphrase])
        var failure: OpenPGPError?
        var held: [UInt8] = []
        var count: UInt64 = 0
        let cipher = try DataObject.reading(sensitive: false) { buffer in
            while true {
                let count = Foundation.read(file.raw, buffer.baseAddress, buffer.count)
                if count < 0 && errno == EINTR { continue }
                if count < 0 { failure = OpenPGPError(.inputOutput, "cannot read the stored file", errno: errno) }
                return count < 0 ? nil : count
            }
        }
        let plain = try DataObject.writing(sensitive: true) { bytes in
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
        // gpgme uses both until the operation is over, and knows only their raw pointers.
        let error = try withExtendedLifetime((cipher, plain)) { () throws(OpenPGPError) in
            try context.run(isCancelled: { output.failure != nil }) {
                gpgme_op_decrypt_start($0, cipher.raw, plain.raw)
            }
        }
        if let failure { throw failure }
        if let error { throw GnuPGDecryption.explain(error, context.statusLines) }
        let status = context.statusLines
        // gpg goes on after packets that do not belong there, and after a file that is cut off inside an intact
        // message.
        guard !status.contains("ERROR"), !status.contains("NODATA"),
            status.count(where: { $0 == "BEGIN_DECRYPTION" }) < 2, status.count(where: { $0 == "PLAINTEXT" }) < 2,
            context.plaintextLength == nil || context.plaintextLength == count
        else { throw OpenPGPError(.message, "the stored file holds something else than one file") }
        guard status.contains("DECRYPTION_OKAY"), status.contains("GOODMDC"), status.contains("PLAINTEXT"),
            status.last == "END_DECRYPTION",
            gpgme_op_decrypt_result(context.raw)?.pointee.legacy_cipher_nomdc == 0
        else { throw OpenPGPError(.engine, "gpg ended before it had checked the message") }
        try output.write(held)
    }

    /// Blames the file only where gpg does: a gpg that was killed says nothing of it.
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

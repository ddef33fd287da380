internal import OpenPGP
internal import Platform
internal import Secrets

/// One message being read by gpg, on a worker thread.
final class GnuPGDecryption: Decryption {
    private let output: BytePipe
    private var reader: BytePipeReader
    private let worker: Worker<Bool>
    private(set) var isPartial = false

    /// Starts gpg.
    ///
    /// - Parameters:
    ///   - file: the stored file, open for reading.
    ///   - passphrase: opens the secret key in the home.
    ///   - home: where gpg finds the secret key.
    ///   - stallTimeout: how long gpg may do nothing.
    /// - Throws: `.engine` when there is no thread left.
    init(
        _ file: OwnedDescriptor, _ passphrase: SecretBytes, in home: GnuPGHome, stallTimeout: Duration
    ) throws(OpenPGPError) {
        let output = BytePipe(capacity: 1 << 20)
        self.output = output
        reader = BytePipeReader(output)
        worker = try Worker { () throws(OpenPGPError) -> Bool in
            do throws(OpenPGPError) {
                let context = try GnuPGContext(home, stallTimeout: stallTimeout)
                context.setPassphrases([passphrase])
                let isPartial = try DecryptionTransfer(context, from: file, into: output).run()
                output.finish()
                return isPartial
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
            if count == 0 {
                isPartial = try worker.join()
                break
            }
            filled += count
        }
        return filled
    }

    /// Waits until gpg has ended.
    func cancel() {
        output.fail(OpenPGPError(.cancelled, "the download was given up"))
        _ = try? worker.join()
    }
}

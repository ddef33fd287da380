internal import Foundation
internal import OpenPGP
internal import Platform
internal import SFTP

/// The plaintext of one stored version, with random access.
///
/// The message is verified as a whole before its first byte is returned, and again when the file has changed since. A
/// message without random access (compressed, signed or with another cipher than AES) is decrypted into a ``Spool``.
final class DecryptedContents: Contents {
    let count: UInt64
    /// The status of the file when it was opened.
    let status: stat
    private let isPartial: Bool
    private let store: MessageStore
    private let file: OwnedDescriptor
    private var reader: Reader?
    /// The MDC (modification detection code) of the message that has been read from.
    private var code: [UInt8]?

    private enum Reader {
        case message(VerifiedMessage, of: FileVersion)
        case spool(Spool)
    }

    /// - Parameters:
    ///   - file: the stored file, open for reading.
    ///   - count: its plaintext size in bytes.
    ///   - isPartial: whether it is stored as a partial.
    init(_ file: OwnedDescriptor, _ status: stat, count: UInt64, isPartial: Bool, in store: MessageStore) {
        self.isPartial = isPartial
        self.file = file
        self.status = status
        self.count = count
        self.store = store
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        // A file that changes during the read is verified and read again.
        for _ in 0..<3 {
            switch try verified() {
            case .spool(let spool): return try spool.read(at: offset, into: buffer)
            case .message(let message, let version):
                let got = try FileSystemError.translating(openPGP: message.read(file.raw, at: offset, into: buffer))
                guard got == buffer.count else {
                    throw .failure("the stored file is shorter than its framing says")
                }
                if try FileVersion(file.currentStatus()) == version { return }
            }
        }
        throw DecryptedContents.changed
    }

    /// The reader for the file as it is now, after verification.
    private func verified() throws(FileSystemError) -> Reader {
        let version = FileVersion(try file.currentStatus())
        switch reader {
        case .spool?: break
        case .message(_, version)?: break
        case .message?, nil: reader = nil
        }
        if let reader { return reader }
        let made: Reader
        if let message = try FileSystemError.translating(openPGP: store.verifiedMessage(file, version)) {
            guard isPartial || !message.isPartial else { throw FileSystemError(OpenPGPError.partial) }
            // Other attributes make no difference. Another message of the same size does: its bytes must not be mixed
            // with those that have been read.
            guard message.count == count, code == nil || code == message.code else { throw DecryptedContents.changed }
            code = message.code
            made = .message(message, of: version)
        } else {
            made = .spool(try spooled())
        }
        reader = made
        return made
    }

    private func spooled() throws(FileSystemError) -> Spool {
        let spool = store.makeSpool(over: nil)
        let decryption = try FileSystemError.translating(openPGP: store.cryptor.decrypt(file.raw, isPartial: isPartial))
        defer { decryption.cancel() }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got: Int
            do throws(OpenPGPError) { got = try decryption.read(into: &buffer) } catch { throw .init(error) }
            if got == 0 { break }
            try spool.write(buffer[..<got], at: spool.count)
        }
        guard spool.count == count else { throw DecryptedContents.changed }
        return spool
    }

    private static let changed = FileSystemError.failure("the stored file was changed while it was open")
}

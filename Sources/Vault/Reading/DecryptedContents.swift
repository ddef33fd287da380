internal import Foundation
internal import OpenPGP
internal import SFTP

/// The plaintext of one stored version, at any offset.
///
/// The message is verified as a whole before its first byte is given out, and again when the file has been touched
/// since. One that cannot be read that way, because it is compressed, signed or made with another cipher, is decrypted
/// into a ``Spool`` instead.
final class DecryptedContents: Contents {
    let count: UInt64
    /// What the file was when it was opened.
    let status: stat
    private unowned let vault: VaultFileSystem
    private let file: OwnedDescriptor
    private var reader: Reader?
    /// The modification detection code of what has been read from.
    private var code: [UInt8]?

    private enum Reader {
        case message(VerifiedMessage, of: FileVersion)
        case spool(Spool)
    }

    /// - Parameters:
    ///   - file: the stored file, open for reading.
    ///   - count: its plaintext size.
    init(_ file: OwnedDescriptor, _ status: stat, count: UInt64, in vault: VaultFileSystem) {
        self.file = file
        self.status = status
        self.count = count
        self.vault = vault
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) {
        // What somebody touches meanwhile is verified again, and read again.
        for _ in 0..<3 {
            switch try verified() {
            case .spool(let spool): return try spool.read(at: offset, into: buffer)
            case .message(let message, let version):
                do throws(OpenPGPError) {
                    let got = try message.read(file.raw, at: offset, into: buffer)
                    guard got == buffer.count else {
                        throw OpenPGPError(.message, "the stored file is shorter than its framing says")
                    }
                } catch {
                    throw FileSystemError(error)
                }
                if try FileVersion(file.status()) == version { return }
            }
        }
        throw DecryptedContents.changed
    }

    /// What to read from: verified as the file is now.
    private func verified() throws(FileSystemError) -> Reader {
        let version = FileVersion(try file.status())
        switch reader {
        case .spool?: break
        case .message(_, version)?: break
        case .message?, nil: reader = nil
        }
        if let reader { return reader }
        let message: VerifiedMessage?
        do throws(OpenPGPError) {
            message = try vault.verifiedMessage(file, version)
        } catch {
            throw FileSystemError(error)
        }
        let made: Reader
        if let message {
            // Other attributes are no matter; another message is, even of the same size: two do not make one file.
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
        let spool = vault.makeSpool(over: nil)
        let decryption: any Decryption
        do throws(OpenPGPError) { decryption = try vault.cryptor.decrypt(file.raw) } catch { throw .init(error) }
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

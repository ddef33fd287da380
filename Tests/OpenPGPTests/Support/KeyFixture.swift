import Foundation
import GnuPG
import OpenPGP
import Secrets
import TestSupport
import Testing

/// A session that can decrypt, with a file to work on.
final class KeyFixture {
    let home: SessionHome
    let scratch: Scratch
    var cryptor: Cryptor { home.cryptor }

    /// - Parameter engine: who has to make and read the messages.
    init(_ engine: EngineKind = .chosen) throws {
        let keys = try TestKeys.shared.get()
        home = try SessionHome(
            keysIn: keys.directory, fingerprint: keys.fingerprint, passphrase: KeyFixture.secret(TestKeys.passphrase),
            engine: engine)
        scratch = try Scratch()
        try #require(
            (home.cryptor.framing == .native) == (engine == .native),
            "\(String(describing: home.cryptor.fallbackReason))")
    }

    static func secret(_ text: String) throws -> SecretBytes {
        try #require(Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) })
    }

    /// Encrypts in pieces of `chunk` bytes and returns the stored file's bytes.
    func encrypt(_ plain: Data, chunk: Int = 32768) throws -> Data {
        let file = try scratch.file("cipher", Data())
        let handle = try FileHandle(forUpdating: file)
        let encryption = try cryptor.encrypt(into: handle.fileDescriptor)
        let bytes = [UInt8](plain)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try encryption.write(bytes[start..<min(start + chunk, bytes.count)])
        }
        try encryption.finish()
        return try Data(contentsOf: file)
    }

    /// Decrypts stored bytes to their end.
    func decrypt(_ stored: Data) throws -> Data {
        let handle = try FileHandle(forReadingFrom: scratch.file("stored", stored))
        let decryption = try cryptor.decrypt(handle.fileDescriptor)
        defer { decryption.cancel() }
        var plain = Data()
        var buffer = [UInt8](repeating: 0, count: 10_000)
        while case let count = try buffer.withUnsafeMutableBytes({ try decryption.read(into: $0) }), count > 0 {
            plain += buffer[..<count]
        }
        return plain
    }

    /// The plaintext size of stored bytes, as a listing gets it.
    func size(_ stored: Data) throws -> UInt64 {
        let handle = try FileHandle(forReadingFrom: scratch.file("sized", stored))
        return try cryptor.plaintextCount(handle.fileDescriptor, count: UInt64(stored.count))
    }

    /// Encrypts with stock gpg to the same key.
    func stockEncrypt(_ plain: Data, _ options: [String] = []) throws -> Data {
        let keys = try TestKeys.shared.get()
        let made = try TestKeys.gpg(
            keys.directory, options + ["--recipient", keys.fingerprint, "--encrypt"], input: plain)
        try #require(made.status == 0, "\(made.errors)")
        return made.output
    }
}

extension EngineKind {
    /// The one that `CRYPTSFTP_ENGINE` names for the tests that are about neither, else the program's choice.
    static var chosen: EngineKind { TestEngine.name.flatMap { EngineKind(rawValue: $0) } ?? .native }
}

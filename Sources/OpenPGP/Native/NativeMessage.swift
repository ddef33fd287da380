private import Secrets

/// One message being made without gpg, on the caller's thread.
///
/// The message is a session key packet, and an encrypted-data packet around one literal packet and the modification
/// detection code; both are framed as ``OuterFraming`` says. It keeps one piece of each back, whatever the file's size.
///
/// Source: RFC 4880, sections 5.1, 5.9, 5.13 and 5.14.
final class NativeMessage {
    private let cipher: CipherFeedback
    private let digest: MessageDigest
    private var file: CiphertextWriter
    /// What is inside: the random prefix and the literal packet.
    private var literal: PartialBodyWriter
    private var outer: PartialBodyWriter
    private var count: UInt64 = 0

    /// Bytes that are encrypted, or written, at once.
    private static let step = 1 << 16

    /// Starts a message with a session key of its own.
    ///
    /// - Parameters:
    ///   - subkey: whom the message is for.
    ///   - descriptor: an empty file, which stays its owner's to close.
    init(to subkey: CurveSubkey, into descriptor: Int32) throws(OpenPGPError) {
        guard let bytes = SecretBytes.random(32), let prefix = SecretBytes.random(CipherFeedback.block) else {
            throw OpenPGPError.noLockedMemory
        }
        let key = SessionKey(bytes: bytes)
        cipher = try CipherFeedback(key)
        digest = try MessageDigest(.sha1)
        file = CiphertextWriter(descriptor)
        outer = PartialBodyWriter(.native, after: try PKESK.make(key, for: subkey) + [0xc0 | 18])
        outer.append([1])
        var start = prefix.withUnsafeBytes { Array($0) }
        start += start.suffix(2)
        literal = PartialBodyWriter(.nativeLiteral, after: start + [0xc0 | 11])
        // Binary, no name, no time.
        literal.append([UInt8(ascii: "b"), 0, 0, 0, 0, 0])
    }

    /// Takes the next bytes of plaintext.
    func write(_ bytes: [UInt8]) throws(OpenPGPError) {
        literal.append(bytes)
        count += UInt64(bytes.count)
        guard literal.ready >= Self.step else { return }
        try sealLiteral()
        if outer.ready >= Self.step { try writeOuter() }
    }

    /// Ends the message and gives the rest of it to the file.
    func finish() throws(OpenPGPError) {
        literal.finish()
        try sealLiteral()
        var trailer: [UInt8] = [0xc0 | 19, 20]
        digest.update(trailer)
        trailer += digest.finish()
        try trailer.withUnsafeMutableBufferPointer { bytes throws(OpenPGPError) in
            try seal(UnsafeMutableRawBufferPointer(bytes))
        }
        outer.finish()
        try writeOuter()
        guard outer.count == ContentFraming.native.body(forPlaintext: count) else {
            throw OpenPGPError(.engine, "\(outer.count) bytes were written for \(count)")
        }
    }

    private func sealLiteral() throws(OpenPGPError) {
        try literal.drain { bytes throws(OpenPGPError) in
            digest.update(UnsafeRawBufferPointer(bytes))
            try seal(bytes)
        }
    }

    private func writeOuter() throws(OpenPGPError) {
        try outer.drain { bytes throws(OpenPGPError) in try file.write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Encrypts bytes where they are, and copies them outside.
    private func seal(_ bytes: UnsafeMutableRawBufferPointer) throws(OpenPGPError) {
        try cipher.encrypt(bytes)
        outer.append(UnsafeRawBufferPointer(bytes))
    }
}

private import Secrets

/// One message being made by the native engine: a PKESK, then a SEIPD packet around one literal packet and the
/// modification detection code (MDC).
///
/// The bytes flow through two ``PartialBodyWriter``s:
///
///     plaintext -> literal packet, partial lengths of 64 KiB
///               -> SHA-1 for the MDC, then AES-256 in CFB mode
///               -> SEIPD packet, partial lengths of 2 KiB, then 64 KiB
///               -> file
///
/// Each writer keeps back one chunk, whatever the size of the file. For the use of one thread.
///
/// Source: RFC 4880, sections 5.1 (PKESK), 5.9 (literal data), 5.13 (SEIPD) and 5.14 (MDC); ``OuterFraming`` for the
/// partial lengths.
final class NativeMessage {
    private let cipher: CipherFeedback
    private let digest: MessageDigest
    private var file: CiphertextWriter
    /// The contents of the SEIPD packet: the random prefix and the literal packet.
    private var literal: PartialBodyWriter
    /// The message: the PKESK and the SEIPD packet.
    private var outer: PartialBodyWriter
    private let isPartial: Bool
    /// Bytes of plaintext so far.
    private var count: UInt64 = 0

    /// Bytes that are encrypted, or written to the file, at once.
    private static let step = 1 << 16

    /// Starts a message.
    ///
    /// - Parameters:
    ///   - subkey: the recipient's encryption subkey.
    ///   - key: a random session key, for this message alone.
    ///   - descriptor: an empty file, which stays its owner's to close.
    ///   - isPartial: whether the message says that it is a partial.
    init(
        to subkey: ECDHSubkey, _ key: SessionKey, into descriptor: Int32, isPartial: Bool
    ) throws(OpenPGPError) {
        guard let prefix = SecretBytes.random(CipherFeedback.block) else { throw OpenPGPError.noLockedMemory }
        self.isPartial = isPartial
        cipher = try CipherFeedback(key)
        digest = try MessageDigest(.sha1)
        file = CiphertextWriter(descriptor)
        let pkesk = try PKESK.make(key, for: subkey)
        outer = PartialBodyWriter(.native, after: pkesk + [PacketTag.newFormat(PacketTag.seipd)])
        // The version.
        outer.append([1])
        var start = prefix.withUnsafeBytes { Array($0) }
        start += start.suffix(2)
        literal = PartialBodyWriter(.nativeLiteral, after: start + [PacketTag.newFormat(PacketTag.literalData)])
        literal.append(LiteralPacket.start(isPartial: isPartial))
    }

    /// Takes the next bytes of plaintext.
    func write(_ bytes: [UInt8]) throws(OpenPGPError) {
        literal.append(bytes)
        count += UInt64(bytes.count)
        guard literal.ready >= Self.step else { return }
        try sealLiteral()
        if outer.ready >= Self.step { try writeOuter() }
    }

    /// Ends the message and writes the rest of it to the file.
    ///
    /// - Throws: `.engine` when the message has not the size that ``ContentFraming`` gives for its plaintext.
    func finish() throws(OpenPGPError) {
        literal.finish()
        try sealLiteral()
        var trailer = LiteralPacket.trailerHeader
        digest.update(trailer)
        trailer += digest.finish()
        try trailer.withUnsafeMutableBufferPointer { bytes throws(OpenPGPError) in
            try seal(UnsafeMutableRawBufferPointer(bytes))
        }
        outer.finish()
        try writeOuter()
        guard outer.count == ContentFraming.native.body(forPlaintext: count, isPartial: isPartial) else {
            throw OpenPGPError(.engine, "\(outer.count) bytes were written for \(count)")
        }
    }

    /// Hashes and encrypts the whole chunks of the literal packet.
    private func sealLiteral() throws(OpenPGPError) {
        try literal.drain { bytes throws(OpenPGPError) in
            digest.update(UnsafeRawBufferPointer(bytes))
            try seal(bytes)
        }
    }

    /// Writes the whole chunks of the SEIPD packet to the file.
    private func writeOuter() throws(OpenPGPError) {
        try outer.drain { bytes throws(OpenPGPError) in try file.write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Encrypts bytes in place, and appends them to the SEIPD packet.
    private func seal(_ bytes: UnsafeMutableRawBufferPointer) throws(OpenPGPError) {
        try cipher.encrypt(bytes)
        outer.append(UnsafeRawBufferPointer(bytes))
    }
}

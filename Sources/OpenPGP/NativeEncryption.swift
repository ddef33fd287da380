private import Secrets

/// One message being written, without gpg: what is given is encrypted at once, on the caller's thread.
///
/// The message is a session key packet, and an encrypted-data packet around one literal packet and the modification
/// detection code; both are framed as ``StoredFraming`` says. It keeps one piece of each back, whatever the file's size.
///
/// Source: RFC 4880, sections 5.1, 5.9, 5.13 and 5.14.
final class NativeEncryption: Encryption {
    private(set) var failure: OpenPGPError?
    private let cipher: CipherFeedback
    private let digest: MessageDigest
    private var literal = PieceWriter(.nativeLiteral)
    private var outer = PieceWriter(.native)
    /// Octets of what is inside that are not encrypted yet.
    private var inside: [UInt8] = []
    private var file: CipherFile
    private var count: UInt64 = 0

    /// Starts a message with a session key of its own.
    ///
    /// - Parameters:
    ///   - subkey: whom the message is for.
    ///   - descriptor: an empty file, which stays its owner's to close.
    init(to subkey: CurveSubkey, into descriptor: Int32) throws(OpenPGPError) {
        guard let octets = SecretBytes.random(32), let prefix = SecretBytes.random(CipherFeedback.block) else {
            throw OpenPGPError(.engine, "no locked memory left")
        }
        let key = SessionKey(octets: octets)
        cipher = try CipherFeedback(key)
        digest = try MessageDigest(.sha1)
        file = CipherFile(descriptor)
        file.pending = try SessionKeyPacket.make(key, for: subkey) + [0xc0 | 18]
        outer.take([1], &file.pending)
        prefix.withUnsafeBytes { inside += $0 }
        inside += inside.suffix(2)
        inside.append(0xc0 | 11)
        // Binary, no name, no time.
        literal.take([UInt8(ascii: "b"), 0, 0, 0, 0, 0], &inside)
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(OpenPGPError) {
        try attempt { () throws(OpenPGPError) in
            bytes.withUnsafeBytes { literal.take($0, &inside) }
            count += UInt64(bytes.count)
            guard !inside.isEmpty else { return }
            digest.update(inside)
            try seal()
            try file.flushIfLarge()
        }
    }

    func finish() throws(OpenPGPError) {
        try attempt { () throws(OpenPGPError) in
            literal.finish(&inside)
            inside += [0xc0 | 19, 20]
            digest.update(inside)
            inside += digest.finish()
            try seal()
            outer.finish(&file.pending)
            try file.flush()
            guard outer.count == ContentFraming.native.body(forPlaintext: count) else {
                throw OpenPGPError(.engine, "\(outer.count) octets were written for \(count)")
            }
        }
    }

    func cancel() {
        if failure == nil { failure = OpenPGPError(.cancelled, "the upload was given up") }
    }

    /// Encrypts what is inside where it is, and moves it outside.
    private func seal() throws(OpenPGPError) {
        try inside.withUnsafeMutableBufferPointer { octets throws(OpenPGPError) in
            try cipher.encrypt(UnsafeMutableRawBufferPointer(octets))
        }
        inside.withUnsafeBytes { outer.take($0, &file.pending) }
        inside.removeAll(keepingCapacity: true)
    }

    /// Does nothing more after a failure.
    private func attempt(_ body: () throws(OpenPGPError) -> Void) throws(OpenPGPError) {
        if let failure { throw failure }
        do throws(OpenPGPError) {
            try body()
        } catch {
            failure = error
            throw error
        }
    }
}

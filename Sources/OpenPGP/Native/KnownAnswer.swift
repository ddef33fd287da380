private import CLinux
private import Glibc
internal import Secrets

/// A message that stock gpg 2.2.40 made, to a key that anybody may know.
enum KnownAnswer {
    /// The public part of the subkey, as its packet has it.
    private static let subkey = """
        046b01ece0120a2b0601040197550105010107403121c2581a9512296619b4dae53df5998f0962c7d7ffcbbe0359fbd7bf4bc80003010807
        """
    private static let scalar = "08b6aeb3a3eb301a1733ab9805727b875523e268f05ef3b93a3e784fb13d4854"
    private static let message = """
        845e0304872269ed7e1159120107405d4f5a3f6437f5ef0a67ac38c89ae59d7038fa8c100694f52cd2079cdc89b65330d446c0f2a897eabd
        bf400545b6aa6dc6c0fce2d32305bcf5e9320aea0c05ae5b74efc2a416c7d266b4fbc760e6fa6d68d23b015ac3aacef0a02336af195ae666
        91965eff3b5764d1f1d98baadbaebde8143fa4080978e4aba204f86651fa70b72e83c73385456efbe5b5ac5c89
        """
    private static let text = Array("cryptsftp\n".utf8)

    /// Reads it, and wraps a key for its subkey and opens that again.
    ///
    /// - Throws: `.engine` when there is any difference.
    static func check() throws(OpenPGPError) {
        let scalar = [UInt8](hex: scalar).withUnsafeBytes { SecretBytes(copying: $0) }
        guard let scalar, let part = try CurveSubkey([UInt8](hex: subkey)),
            let secret = SecretSubkey(part, scalar)
        else { throw NativeEngineSelfTest.difference("the public key") }
        let bytes = [UInt8](hex: message)
        let descriptor = linux_memfd_create("known")
        guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else {
            throw OpenPGPError(.inputOutput, "no memory for a file", errno: errno)
        }
        defer { close(descriptor) }
        let stored = try EncryptedMessage(CiphertextFile(descriptor: descriptor, count: UInt64(bytes.count)))
        guard
            let key = try stored.keyPackets.first.flatMap({ packet throws(OpenPGPError) in
                try PKESK.open(stored.bytes.read(at: packet.lowerBound, packet.count), with: secret)
            })
        else { throw NativeEngineSelfTest.difference("the session key") }
        guard try stored.plaintext(key, count: text.count) == text else {
            throw NativeEngineSelfTest.difference("what it reads")
        }
        // The packet's header takes two bytes.
        let again = try PKESK.open(Array(PKESK.make(key, for: part).dropFirst(2)), with: secret)
        guard let again, again.bytes.matches(key.bytes) else { throw NativeEngineSelfTest.difference("a wrapped key") }
    }
}

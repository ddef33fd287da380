internal import Secrets

/// The known-answer test of the native engine: a message that stock gpg 2.2.40 made, to a key whose secret part is
/// published here.
enum KnownAnswer {
    /// The public part of the subkey packet's body.
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

    /// Decrypts the message, and makes and opens a PKESK for its subkey.
    ///
    /// - Throws: `.engine` when any result is wrong.
    static func check() throws(OpenPGPError) {
        let scalar = [UInt8](hex: scalar).withUnsafeBytes { SecretBytes(copying: $0) }
        guard let scalar, let publicPart = try ECDHSubkey([UInt8](hex: subkey)),
            let secret = SecretSubkey(publicPart, scalar)
        else { throw NativeEngineSelfTest.failure("the public key is not the expected one") }
        let key = try NativeEngineSelfTest.withMemoryFile { file throws(OpenPGPError) in
            try decrypt(with: secret, file)
        }
        // Without the packet's header of two bytes.
        let again = try PKESK.open(Array(PKESK.make(key, for: publicPart).dropFirst(2)), with: secret)
        guard let again, again.bytes.matches(key.bytes) else {
            throw NativeEngineSelfTest.failure("the session key that it wraps cannot be unwrapped")
        }
    }

    /// Decrypts the message.
    ///
    /// - Parameter file: an empty file to put it into.
    /// - Returns: its session key.
    private static func decrypt(with secret: SecretSubkey, _ file: Int32) throws(OpenPGPError) -> SessionKey {
        let bytes = [UInt8](hex: message)
        var writer = CiphertextWriter(file)
        try bytes.withUnsafeBufferPointer { bytes throws(OpenPGPError) in
            try writer.write(UnsafeRawBufferPointer(bytes))
        }
        let stored = try EncryptedMessage(CiphertextFile(descriptor: file, count: UInt64(bytes.count)))
        let body = try stored.keyPackets.first.map { packet throws(OpenPGPError) in
            try stored.file.read(at: packet.lowerBound, packet.count)
        }
        guard let body, let key = try PKESK.open(body, with: secret) else {
            throw NativeEngineSelfTest.failure("it cannot open the known session key")
        }
        guard try stored.plaintext(key, count: text.count) == text else {
            throw NativeEngineSelfTest.failure("it reads the known message wrongly")
        }
        return key
    }
}

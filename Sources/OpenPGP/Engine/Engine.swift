/// Who makes and reads messages, as server.conf names it.
package enum EngineKind: String, CaseIterable, Sendable {
    /// A process of gpg for each message.
    case gpgme
    /// This module itself; gpg for what it does not know.
    case native
}

/// All that depends on who makes and reads the messages.
///
/// For the use of one thread.
package protocol Engine {
    /// How the messages that it writes are framed.
    var framing: ContentFraming { get }

    /// Starts a message.
    ///
    /// - Parameter descriptor: an empty file, which stays its owner's to close, after the message was finished or
    ///   cancelled.
    func encrypt(into descriptor: Int32) throws(OpenPGPError) -> any Encryption

    /// Starts to read a message.
    ///
    /// - Parameter descriptor: the stored file; it stays its owner's to close, and its position is not used.
    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption

    /// The key that a message is encrypted with.
    ///
    /// - Returns: nil for another cipher than AES.
    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey?
}

/// Makes and reads OpenPGP messages for one recipient.
///
/// For the use of one thread.
package protocol Engine {
    /// The framing of the messages that it writes.
    var framing: ContentFraming { get }

    /// Starts to write a message.
    ///
    /// - Parameters:
    ///   - descriptor: an empty file, which stays its owner's to close, after the message was finished or cancelled.
    ///   - isPartial: whether the message says inside that it is only the first part of a file.
    func encrypt(into descriptor: Int32, isPartial: Bool) throws(OpenPGPError) -> any Encryption

    /// Starts to read a message.
    ///
    /// - Parameter descriptor: the stored file; it stays its owner's to close, and its position is not used.
    func decrypt(_ descriptor: Int32) throws(OpenPGPError) -> any Decryption

    /// Opens the session key of a message.
    ///
    /// - Returns: nil for another cipher than AES.
    func sessionKey(of message: EncryptedMessage) throws(OpenPGPError) -> SessionKey?
}

/// An encryption in progress: plaintext comes in, a stored file goes out.
///
/// For the use of one thread.
package protocol Encryption: AnyObject {
    /// Takes the next bytes, waiting while the engine is behind.
    ///
    /// - Throws: the failure so far, such as a full disk.
    func write(_ bytes: ArraySlice<UInt8>) throws(OpenPGPError)

    /// The failure that ended the encryption, if there is one so far.
    var failure: OpenPGPError? { get }

    /// The session key of the message, once it has been used; nil when another program has made it.
    var sessionKey: SessionKey? { get }

    /// Ends the message and waits until all of it has been written to the file.
    func finish() throws(OpenPGPError)

    /// Gives the message up, and waits until nothing more is written to the file.
    ///
    /// The file then holds no whole message.
    func cancel()
}

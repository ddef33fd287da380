/// One message being written: plaintext in, a stored file out.
///
/// For the use of one thread.
package protocol Encryption: AnyObject {
    /// Takes the next bytes, waiting while the engine is behind.
    ///
    /// - Throws: what went wrong until now, such as a full disk.
    func write(_ bytes: ArraySlice<UInt8>) throws(OpenPGPError)

    /// What went wrong until now.
    var failure: OpenPGPError? { get }

    /// Ends the message and waits until all of it has been given to the file.
    func finish() throws(OpenPGPError)

    /// Gives it up, and waits until nothing more is written to the file.
    ///
    /// What is in the file is not to be used.
    func cancel()
}

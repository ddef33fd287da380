/// Why an OpenPGP operation failed.
///
/// It never carries file names, contents or secrets: its text may be logged and shown to clients.
package struct OpenPGPError: Error, Equatable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// gpg is missing, too old, or died.
        case engine
        /// The passphrase does not open the key.
        case passphrase
        /// The key is missing, expired, revoked or cannot encrypt.
        case key
        /// The stored message is damaged or not of a kind that can be read.
        case message
        /// Reading or writing the message failed; `errno` is in ``OpenPGPError/errno``.
        case inputOutput
        /// Someone cancelled it.
        case cancelled
        /// gpg did nothing for too long.
        case stalled
    }

    package var code: Code
    package var description: String
    /// The system's error number, where there is one, else 0.
    package var errno: Int32

    package init(_ code: Code, _ description: String, errno: Int32 = 0) {
        self.code = code
        self.description = description
        self.errno = errno
    }
}

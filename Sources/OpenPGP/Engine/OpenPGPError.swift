package import Platform

/// The reason why an OpenPGP operation failed.
///
/// It never carries file names, contents or secrets: its text may be logged and shown to clients.
package struct OpenPGPError: Error, Equatable, Codable, CustomStringConvertible {
    package enum Code: String, Codable, Sendable {
        /// gpg is missing, too old, or died; or a resource of the system is exhausted.
        case engine
        /// The passphrase does not open the key.
        case passphrase
        /// The key is missing, expired, revoked or cannot encrypt.
        case key
        /// The stored message is damaged or not of a kind that can be read.
        case message
        /// Reading or writing the message failed; ``OpenPGPError/errno`` says why.
        case inputOutput
        /// The caller cancelled the operation.
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

    /// Takes the error number of a system call.
    package init(_ code: Code, _ description: String, _ error: SystemError) {
        self.init(code, description, errno: error.number)
    }

    /// A message says that it is a partial, and has the name of a complete file.
    package static var partial: OpenPGPError {
        OpenPGPError(
            .message, "incomplete upload: the stored file says that it was cut off, but has the name of a complete one")
    }

    /// Memory for a secret was asked for, and no more can be locked.
    package static var noLockedMemory: OpenPGPError { OpenPGPError(.engine, "no locked memory left") }

    /// Runs system calls, and turns their error into one of ``Code/inputOutput``.
    ///
    /// - Parameter description: says what failed.
    package static func inputOutput<Value>(
        _ description: String, _ body: () throws(SystemError) -> Value
    ) throws(OpenPGPError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw OpenPGPError(.inputOutput, description, error)
        }
    }
}

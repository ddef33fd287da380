private import OpenPGP
private import SFTP
internal import ServerConfiguration
private import Vault

/// Why an operation on a vault has failed, whatever module has thrown the error.
package enum FailureCause: Equatable {
    case userError(UserError.Reason)
    /// The configuration has an error.
    case configuration
    case wrongPassphrase
    /// gpg is missing, too old, or failed.
    case gnupg
    case interrupted
    case other

    package init(of error: any Error) {
        switch error {
        case let error as UserError: self = .userError(error.reason)
        case is ConfigurationError: self = .configuration
        case is Interrupted: self = .interrupted
        case let error as OpenPGPError where error.code == .passphrase: self = .wrongPassphrase
        case let error as OpenPGPError where error.code == .engine: self = .gnupg
        default: self = .other
        }
    }

    /// The text of an error, for people.
    package static func description(of error: any Error) -> String {
        switch error {
        case is Interrupted: "interrupted"
        case let error as FileSystemError: error.message
        default: "\(error)"
        }
    }
}

internal import Administration
internal import ArgumentParser
private import OpenPGP
private import SSHTransport
internal import ServerConfiguration
private import Vault

/// The exit codes, in one table: it is what `cryptsftp help` shows, and scripts rely on it.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failure = 1
    case usage = 2
    case noConfiguration = 10
    case badConfiguration = 11
    case wrongPassphrase = 12
    case noGnuPG = 13
    case addressUnavailable = 14
    case dataUnavailable = 15
    case inUse = 16
    case storedWrong = 26
    case leftAlone = 27
    case noSuchPath = 28
    case interrupted = 130

    private var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "failed, for a reason that has no code of its own"
        case .usage: "the command line is wrong"
        case .noConfiguration: "there is no server.conf yet"
        case .badConfiguration: "server.conf is malformed"
        case .wrongPassphrase: "the passphrase is wrong, too short, or was not given"
        case .noGnuPG: "gpg is missing, too old, or failed"
        case .addressUnavailable: "the address or port is not to be had"
        case .dataUnavailable: "the data directory is missing or cannot be read"
        case .inUse: "somebody is logged in, or another command is at work: try again later"
        case .storedWrong: "something that is stored is damaged, or the vault has a problem: the lines before say what"
        case .leftAlone: "something was left as it is, because it differs or cannot be taken: the lines before say what"
        case .noSuchPath: "there is no such file or directory"
        case .interrupted: "interrupted by the user"
        }
    }

    /// The table as the help shows it.
    static let table =
        "EXIT CODES:\n"
        + allCases.map { status in
            let code = String(status.rawValue)
            return "  \(code)\(String(repeating: " ", count: 6 - code.count))\(status.meaning)"
        }.joined(separator: "\n")

    /// The code for an error, whatever module it is from.
    init(for error: any Error) {
        switch error {
        case let problem as Problem: self = problem.status
        case is ConfigurationError: self = .badConfiguration
        case is Interrupted: self = .interrupted
        case let error as UserError: self.init(error.reason)
        case let error as OpenPGPError where error.code == .passphrase: self = .wrongPassphrase
        case let error as OpenPGPError where error.code == .engine: self = .noGnuPG
        default: self = .failure
        }
    }

    private init(_ reason: UserError.Reason) {
        self =
            switch reason {
            case .request: .failure
            case .unclear: .usage
            case .noData: .dataUnavailable
            case .noPath: .noSuchPath
            case .inUse: .inUse
            case .passphrase: .wrongPassphrase
            case .interrupted: .interrupted
            }
    }
}

/// An error that a command has found itself, with the code it exits with.
struct Problem: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
